-- One hit as one line of text with its highlights. Pure but for Neovim's width of characters.
local hits = require('semlens.hits')

local M = {}

local SHORT = {
  ['function'] = 'fn',
  method = 'meth',
  constructor = 'ctor',
  class = 'class',
  interface = 'iface',
  struct = 'struct',
  enum = 'enum',
  enummember = 'member',
  constant = 'const',
  variable = 'var',
  property = 'prop',
  field = 'field',
  module = 'mod',
  namespace = 'ns',
  package = 'pkg',
  typeparameter = 'type',
}
local KIND_WIDTH = 6

---@class semlens.Row
---@field text string
---@field spans { [1]: integer, [2]: integer, [3]: string }[] first byte, end byte, group

---@param text string
---@param width integer
---@return string the beginning, with an ellipsis where something is cut
function M.cut_end(text, width)
  if vim.fn.strdisplaywidth(text) <= width then
    return text
  end
  local n_chars = math.min(vim.fn.strchars(text), math.max(0, width - 1))
  while n_chars > 0 and vim.fn.strdisplaywidth(vim.fn.strcharpart(text, 0, n_chars)) > width - 1 do
    n_chars = n_chars - 1
  end
  return vim.fn.strcharpart(text, 0, n_chars) .. '…'
end

---@param text string
---@param width integer
---@return string the end, with an ellipsis where something is cut
function M.cut_start(text, width)
  local n_chars = vim.fn.strchars(text)
  if vim.fn.strdisplaywidth(text) <= width then
    return text
  end
  local first = math.max(0, n_chars - math.max(0, width - 1))
  while first < n_chars and vim.fn.strdisplaywidth(vim.fn.strcharpart(text, first)) > width - 1 do
    first = first + 1
  end
  return '…' .. vim.fn.strcharpart(text, first)
end

---@param kind string
---@param icons 'auto'|false|table<string, string>
---@return string text
---@return string group
function M.sign(kind, icons)
  if type(icons) == 'table' and icons[kind] then
    return icons[kind] .. ' ', 'SemlensKind'
  elseif icons == 'auto' and _G.MiniIcons and kind ~= 'symbol' then
    local icon, group = _G.MiniIcons.get('lsp', kind)
    return icon .. ' ', group
  end
  local text = SHORT[kind] or kind:sub(1, KIND_WIDTH)
  return text .. (' '):rep(KIND_WIDTH - #text + 1), 'SemlensKind'
end

---@param hit semlens.Hit
---@param width integer columns there are
---@param icons 'auto'|false|table<string, string>
---@param is_marked boolean
---@return semlens.Row
function M.row(hit, width, icons, is_marked)
  local text, spans = '', {}
  local function add(part, group)
    if group then
      spans[#spans + 1] = { #text, #text + #part, group }
    end
    text = text .. part
  end
  add(is_marked and '▌' or ' ', is_marked and 'SemlensMark' or nil)
  local sign, group = M.sign(hits.kind(hit), icons)
  add(sign, group)
  local unsaved = hit.dirty and '[+] ' or ''
  local line = (':%d'):format(hits.target(hit).start.line + 1)
  local left = math.max(4, width - vim.fn.strdisplaywidth(text) - #unsaved)
  local place = hits.path(hit)
  local name = hit.name ~= '' and hit.name or vim.fs.basename(place)
  name = (name:gsub('%s+', ' '))
  -- The name takes what it needs, but leaves the end of the path a third.
  name = M.cut_end(name, math.max(4, math.min(vim.fn.strdisplaywidth(name), math.floor(left * 0.66))))
  local rest = left - vim.fn.strdisplaywidth(name) - 2
  add(name, 'SemlensName')
  if rest > #line + 4 then
    place = M.cut_start(place, rest - #line)
    add((' '):rep(rest + 2 - vim.fn.strdisplaywidth(place) - #line))
    add(unsaved, unsaved ~= '' and 'SemlensUnsaved' or nil)
    add(place, 'SemlensPath')
    add(line, 'SemlensLine')
  else
    add(' ' .. unsaved, 'SemlensUnsaved')
  end
  return { text = text, spans = spans }
end

return M
