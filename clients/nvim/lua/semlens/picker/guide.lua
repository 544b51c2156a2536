-- The text of an empty list: examples of queries, or why there are no hits and what to do.
-- Reads the picker's state and returns lines; `view` draws them.
local text_of = require('semlens.text')

local M = {}

---@alias semlens.GuideLine { [1]: string, [2]: string? } text and group

---@param picker semlens.Picker
---@param action string
---@return string? the first key of the action; nil: it has none
local function key(picker, action)
  local keys = picker.options.keys[action]
  return keys and (type(keys) == 'table' and keys[1] or keys) --[[@as string]] or nil
end

---Say why no folder is indexed, if none is.
---@param status semlens.Status?
---@param add fun(text: string, group?: string)
local function add_missing_root(status, add)
  if not status or #status.roots > 0 then
    return
  end
  local folder = require('semlens.roots').too_large_cwd()
  if folder then
    add(('%s holds too much to be indexed. Open a file of a project, or `:cd` into one.'):format(folder), 'SemlensWarn')
  else
    add('No folder is indexed. Open a file of a project, or start Neovim in one.', 'SemlensWarn')
  end
end

---@param picker semlens.Picker
---@param add fun(text: string, group?: string)
local function add_introduction(picker, add)
  add('')
  add('Describe what the code does, or type its name:')
  add('')
  add('  wait and try the download again', 'SemlensName')
  add('  parse_colour', 'SemlensName')
  add('  close connections lang:go path:net/** test:exclude', 'SemlensName')
  add('')
  local key_hints = {}
  if key(picker, 'older') and #require('semlens.history').all() > 0 then
    key_hints[#key_hints + 1] = ('%s older queries'):format(key(picker, 'older'))
  end
  if key(picker, 'help') then
    key_hints[#key_hints + 1] = ('%s all keys'):format(key(picker, 'help'))
  end
  add(table.concat(key_hints, ' · '))
  local status = require('semlens.client').status
  if status and status.complete and #status.roots > 0 then
    add(require('semlens.status').size_text(status))
  end
  add_missing_root(status, add)
end

---@param picker semlens.Picker
---@param add fun(text: string, group?: string)
local function add_no_hits(picker, add)
  local status = require('semlens.client').status
  if not picker.source.live then
    add(#picker.all > 0 and ('No hit in this list contains "%s".'):format(picker.text) or 'No similar code was found.')
    return
  end
  add('Nothing found.')
  local notes = table.concat(picker.result and picker.result.notes or {}, ' ')
  if notes ~= '' then
    add(notes, 'SemlensWarn')
  end
  local filters = {}
  for word in picker.text:gmatch('%S+') do
    if word:match('^%-?%l+:.') and not notes:find(word, 1, true) then
      filters[#filters + 1] = word
    end
  end
  if #filters > 0 then
    add(('The query is limited by %s. Remove a filter to search more.'):format(table.concat(filters, ' ')))
  end
  local progress = require('semlens.status').progress_text(status)
  if progress and #status.roots > 0 then
    add(('The index is not complete yet (%s). Wait for more hits.'):format(progress), 'SemlensWarn')
  end
  add_missing_root(status, add)
end

---@param picker semlens.Picker
---@param width integer
---@return semlens.GuideLine[]
function M.lines(picker, width)
  local lines = {}
  local function add(text, group)
    local indent = text:match('^ *')
    for _, line in ipairs(text_of.wrap(text, math.max(10, width - 2 - #indent))) do
      lines[#lines + 1] = { ' ' .. indent .. line, group or 'SemlensHint' }
    end
  end
  if picker.problem then
    add(picker.problem, 'SemlensError')
  elseif vim.trim(picker.text) == '' and picker.source.name == 'search' then
    add_introduction(picker, add)
  elseif picker.result and not picker.is_loading then
    add_no_hits(picker, add)
  end
  return lines
end

return M
