-- Text that fits: cut and wrapped by the columns it takes on the screen.
local M = {}

---What steers a terminal, ends a line or hides in it: control characters, and in UTF-8 those of the writing direction,
---separators of lines, characters without a width, tags.
local UNPRINTABLE = {
  '%c',
  '\194[\128-\159\173]',
  '\216\156',
  '\225\160\142',
  '\226\128[\139\142\143\168-\174]',
  '\226\129[\160-\175]',
  '\239\187\191',
  '\243\160[\128\129][\128-\191]',
}

---@param character string one character
---@return string
local function escape(character)
  local code = vim.fn.char2nr(character, true)
  return code < 256 and ('\\x%02x'):format(code) or ('\\u%04x'):format(code)
end

---Text of a repository (names, paths, signatures) on one line, where nothing is hidden; see core/text/printable.py.
---@param text string
---@return string
function M.printable(text)
  text = text:gsub('[\t\n\r]+', ' ')
  if text:find('[\128-\255%c]') then
    for _, pattern in ipairs(UNPRINTABLE) do
      text = text:gsub(pattern, escape)
    end
  end
  return text
end

---@param text string
---@return boolean whether every byte takes one column
local function is_plain(text)
  return not text:find('[\128-\255%c]')
end

---@param text string
---@return integer columns; not `strdisplaywidth`'s, which counts what a window would add where it wraps
function M.width(text)
  return is_plain(text) and #text or vim.api.nvim_strwidth(text)
end

---@param text string
---@param width integer
---@return string the beginning, with an ellipsis where something is cut
function M.cut_end(text, width)
  if M.width(text) <= width then
    return text
  elseif is_plain(text) then
    return text:sub(1, math.max(0, width - 1)) .. '…'
  end
  local n_chars = math.min(vim.fn.strchars(text), math.max(0, width - 1))
  while n_chars > 0 and vim.api.nvim_strwidth(vim.fn.strcharpart(text, 0, n_chars)) > width - 1 do
    n_chars = n_chars - 1
  end
  return vim.fn.strcharpart(text, 0, n_chars) .. '…'
end

---@param text string
---@param width integer
---@return string the end, with an ellipsis where something is cut
function M.cut_start(text, width)
  if M.width(text) <= width then
    return text
  elseif is_plain(text) then
    return '…' .. text:sub(#text - math.max(0, width - 1) + 1)
  end
  local n_chars = vim.fn.strchars(text)
  local first = math.max(0, n_chars - math.max(0, width - 1))
  while first < n_chars and vim.api.nvim_strwidth(vim.fn.strcharpart(text, first)) > width - 1 do
    first = first + 1
  end
  return '…' .. vim.fn.strcharpart(text, first)
end

---@param text string
---@param width integer
---@return string[] lines of whole words, where they fit
function M.wrap(text, width)
  local lines, line = {}, ''
  for word in text:gmatch('%S+') do
    if line ~= '' and M.width(line) + 1 + M.width(word) > width then
      lines[#lines + 1] = line
      line = word
    else
      line = line == '' and word or line .. ' ' .. word
    end
  end
  lines[#lines + 1] = line
  return lines
end

---The longest valid beginning within a number of bytes: no character is cut in two.
---@param text string
---@param n_bytes integer
---@return string
function M.first_bytes(text, n_bytes)
  if #text <= n_bytes then
    return text
  end
  return text:sub(1, n_bytes + vim.str_utf_start(text, n_bytes + 1))
end

return M
