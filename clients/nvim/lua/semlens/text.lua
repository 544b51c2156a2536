-- Prepares text for the screen: truncates and wraps it by display columns, and escapes invisible characters.
local M = {}

---Patterns of characters that could control a terminal or hide text: control characters and, in UTF-8, bidirectional
---marks, line separators, zero-width characters and tags.
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

---Make untrusted text of a repository (names, paths, signatures) one line, with invisible characters escaped. The
---server does the same in core/text/printable.py.
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
---@return boolean whether the text is printable ASCII, where a byte takes one column
local function is_plain(text)
  return not text:find('[\128-\255%c]')
end

---@param text string
---@return integer columns; `strdisplaywidth` would also count what a window adds when it wraps
function M.width(text)
  return is_plain(text) and #text or vim.api.nvim_strwidth(text)
end

---@param text string
---@param width integer
---@return string the beginning, with an ellipsis at the end if it was truncated
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
---@return string the end, with an ellipsis at the start if it was truncated
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
---@return string[] lines; a word wider than `width` gets a line of its own
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

---The longest prefix of at most `n_bytes` bytes that splits no character.
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
