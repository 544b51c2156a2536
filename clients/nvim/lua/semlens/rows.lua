-- Formats one hit as one line of text with highlights. Changes no state; only asks Neovim for the width of characters.
local hits = require('semlens.hits')
local text_of = require('semlens.text')

local M = {}

local KIND_LABELS = {
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
---Kinds that are shown with their container, because the name alone says little.
local MEMBER_KINDS = { method = true, constructor = true, property = true, field = true, enummember = true }
---Words of a query that are not highlighted in names.
local STOP_WORDS = { ['and'] = true, are = true, ['for'] = true, from = true, how = true, that = true, the = true }
for _, word in ipairs({ 'this', 'what', 'when', 'where', 'which', 'with' }) do
  STOP_WORDS[word] = true
end
local MIN_ARGUMENT_COLUMNS = 8 -- with less room, no arguments are shown

---@class semlens.Row
---@field text string
---@field spans { [1]: integer, [2]: integer, [3]: string }[] first byte, end byte, group

---@class semlens.RowOptions
---@field width integer available columns
---@field icons 'auto'|false|table<string, string>
---@field query_words string[] lower-case words of the query, highlighted in names
---@field ambiguous? table<string, true> names and paths of more than one hit: these rows keep container and line

---@param kind string
---@param icons 'auto'|false|table<string, string>
---@return string text
---@return string group
function M.kind_label(kind, icons)
  if type(icons) == 'table' and icons[kind] then
    return icons[kind] .. ' ', 'SemlensKind'
  elseif icons == 'auto' and _G.MiniIcons then
    local icon, group = _G.MiniIcons.get('lsp', kind)
    return icon .. ' ', group
  end
  local text = KIND_LABELS[kind] or kind:sub(1, KIND_WIDTH)
  return text .. (' '):rep(KIND_WIDTH - #text + 1), 'SemlensKind'
end

---The words of a query to highlight in names.
---@param query string
---@return string[] lower case
function M.query_words(query)
  local words = {}
  for word in query:lower():gmatch('%S+') do
    word = word:match('^%-?%l+:.*$') and '' or word:gsub('[^%w_\128-\255]', '')
    if #word >= 3 and not STOP_WORDS[word] then
      words[#words + 1] = word
    end
  end
  return words
end

---@param signature string
---@param name string
---@return integer? last byte of the name: a whole word, no receiver as in `func (e Error) Error()`, `Error::Error()`
local function end_of_name(signature, name)
  local pattern = '%f[%w_]' .. vim.pesc(name) .. '%f[^%w_]'
  local _, last = signature:find(pattern)
  while last and (vim.startswith(signature:sub(last + 1), ')') or vim.startswith(signature:sub(last + 1), '::')) do
    _, last = signature:find(pattern, last + 1)
  end
  return last or select(2, signature:find(name, 1, true))
end

---@param hit semlens.Hit
---@return string the signature after the name: parameters and return type
local function arguments(hit)
  local signature = text_of.printable((hit.signature or ''):gsub('%s+', ' '))
  local last = hit.name ~= '' and end_of_name(signature, text_of.printable(hit.name))
  return last and signature:sub(last + 1) or ''
end

---@param name string
---@param words string[]
---@return { [1]: integer, [2]: integer }[] first byte, end byte
local function match_spans(name, words)
  local spans, lower = {}, name:lower()
  for _, word in ipairs(words) do
    local first, last = lower:find(word, 1, true)
    if first then
      spans[#spans + 1] = { first - 1, last }
    end
  end
  return spans
end

---@param hit semlens.Hit
---@return string
local function identity(hit)
  return hit.name .. '\0' .. hits.path(hit)
end

---@param all semlens.Hit[]
---@return table<string, true> what several hits have in common: name and path
function M.ambiguous(all)
  local seen, ambiguous = {}, {}
  for _, hit in ipairs(all) do
    local key = identity(hit)
    ambiguous[key] = seen[key]
    seen[key] = true
  end
  return ambiguous
end

---@param hit semlens.Hit
---@param options semlens.RowOptions
---@param is_marked boolean
---@return semlens.Row
function M.row(hit, options, is_marked)
  local text, spans = '', {}
  local function add(part, group)
    if group and part ~= '' then
      spans[#spans + 1] = { #text, #text + #part, group }
    end
    text = text .. part
  end
  add(is_marked and '▌' or ' ', is_marked and 'SemlensMark' or nil)
  local kind = hits.kind(hit)
  add(M.kind_label(kind, options.icons))
  local mark = hits.mark(hit)
  local line = (':%d'):format(hits.target(hit).start.line + 1)
  local available = math.max(4, options.width - text_of.width(text) - #mark)
  local path = text_of.printable(hits.path(hit))
  local is_ambiguous = (options.ambiguous or {})[identity(hit)] == true
  local name = hit.name ~= '' and hit.name or vim.fs.basename(path)
  name = text_of.printable(name)
  -- The name takes at most two thirds, so that the end of the path stays visible.
  name = text_of.cut_end(name, math.max(4, math.floor(available * 0.66)))
  local remaining = available - text_of.width(name) - 1
  local path_width = text_of.width(path) + #line + 1
  local container = text_of.printable((MEMBER_KINDS[kind] or is_ambiguous) and hit.containerName or '')
  container = container ~= hit.path and container:match('[^.:#/]+$') or '' -- outside of all others, it is the file
  container = container ~= '' and container .. '.' or ''
  -- Folders are cut before the container, which says more; of an ambiguous row, the name of the file too.
  local file_width = math.min(path_width, text_of.width(vim.fs.basename(path)) + #line + 2)
  local kept_width = is_ambiguous and #line + 6 or file_width
  if container ~= '' and remaining >= kept_width + text_of.width(container) then
    add(container, 'SemlensContainer')
    remaining = remaining - text_of.width(container)
  end
  local first = #text
  add(name, 'SemlensName')
  for _, match in ipairs(match_spans(name, options.query_words)) do
    spans[#spans + 1] = { first + match[1], first + match[2], 'SemlensNameMatch' }
  end
  if remaining >= path_width + MIN_ARGUMENT_COLUMNS then
    local cut = text_of.cut_end(arguments(hit), remaining - path_width)
    add(cut, 'SemlensSignature')
    remaining = remaining - text_of.width(cut)
  end
  if remaining > #line + 4 then
    path = text_of.cut_start(path, remaining - #line)
    add((' '):rep(remaining + 1 - text_of.width(path) - #line))
    add(mark, 'SemlensUnsaved')
    add(path, 'SemlensPath')
    add(line, 'SemlensLine')
  elseif is_ambiguous and remaining >= #line then
    add((' '):rep(remaining + 1 - #line))
    add(mark, 'SemlensUnsaved')
    add(line, 'SemlensLine')
  else
    add(' ' .. mark, 'SemlensUnsaved')
  end
  return { text = text, spans = spans }
end

return M
