-- Our own picker: a prompt, a list, a preview. This file holds its state: the question that is under way (every
-- keystroke cancels the one before), the hits in the server's order, the line that is chosen. What is drawn is told to
-- `view`, where it is drawn to `windows`, and what a key does stands in `actions`.
local actions = require('semlens.picker.actions')
local config = require('semlens.config')
local events = require('semlens.picker.events')
local help = require('semlens.picker.help')
local highlights = require('semlens.highlights')
local history = require('semlens.history')
local hits = require('semlens.hits')
local preview = require('semlens.picker.preview')
local view = require('semlens.picker.view')
local windows = require('semlens.picker.windows')

local M = {}

local api = vim.api
local SLOW_MS = 250

---@class semlens.Picker
---@field source semlens.Source
---@field options semlens.PickerOptions
---@field text string what the prompt says
---@field hits semlens.Hit[] what the list shows
---@field all semlens.Hit[] the answer before it was narrowed
---@field index integer of the selected hit; 0: none
---@field marked table<string, boolean> by `hits.key`
---@field has_moved boolean the user chose the line: refined results must not move it
---@field problem? string
---@field result? semlens.SearchResult
---@field is_loading boolean
---@field is_slow boolean the question is asked for so long that people want to be told
---@field is_closed boolean
---@field needs_retry boolean the server ended before it answered
---@field history_index integer 0: what is typed, 1: the newest question
---@field draft? string what was typed before older questions were looked at
---@field windows { prompt: integer, list: integer, preview?: integer }
---@field buffers { prompt: integer, list: integer, preview: integer }
---@field preview semlens.Preview
---@field timer uv.uv_timer_t of the preview
---@field group integer its autocommands
---@field help? integer window of the keys
---@field border_key? string what the borders say now
---@field origin integer window from which it was opened
---@field request_number integer of the last question
---@field answered_number integer number of the question that the list answers, in part at least
---@field package cancel? fun()
local Picker = {}
Picker.__index = Picker

---The picker that is open, and the last one that was closed.
---@type semlens.Picker?
M.current = nil
---@type semlens.Picker?
M.last = nil

---@param source semlens.Source
---@param text? string
---@param previous? semlens.Picker whose results to show again
---@return semlens.Picker
function M.open(source, text, previous)
  if M.current then
    M.current:close()
  end
  highlights.define()
  local self = setmetatable({
    source = source,
    options = config.get().picker,
    text = text or '',
    hits = previous and previous.hits or {},
    all = previous and previous.all or {},
    index = previous and previous.index or 0,
    marked = previous and previous.marked or {},
    has_moved = previous ~= nil,
    result = previous and previous.result or nil,
    is_loading = false,
    is_slow = false,
    is_closed = false,
    needs_retry = false,
    history_index = 0,
    request_number = 0,
    answered_number = 0,
    buffers = {},
    windows = {},
    origin = api.nvim_get_current_win(),
    preview = preview.new(),
    timer = assert(vim.uv.new_timer()),
    group = api.nvim_create_augroup('semlens.picker', {}),
  }, Picker)
  M.current = self
  windows.open(self)
  events.watch(self)
  actions.map(self)
  api.nvim_exec_autocmds('User', { pattern = 'SemlensPickerOpen', modeline = false })
  if previous and previous.result then
    view.list(self)
  else
    self:send_query()
  end
  vim.cmd('startinsert!')
  return self
end

---The prompt's text has changed, by whatever key.
function Picker:prompt_changed()
  local lines = api.nvim_buf_get_lines(self.buffers.prompt, 0, -1, false)
  if #lines > 1 then -- several lines were pasted
    local joined = vim.trim(table.concat(lines, ' '))
    api.nvim_buf_set_lines(self.buffers.prompt, 0, -1, false, { joined })
    api.nvim_win_set_cursor(self.windows.prompt, { 1, #joined })
    lines = { joined }
  end
  if lines[1] == self.text then
    return
  end
  self.text = lines[1]
  help.close(self)
  if self.source.live then
    self:send_query()
  else
    self:narrow()
  end
end

---@param text string
function Picker:set_text(text)
  api.nvim_buf_set_lines(self.buffers.prompt, 0, -1, false, { text })
  api.nvim_win_set_cursor(self.windows.prompt, { 1, #text })
  self:prompt_changed()
end

---The index has moved on since the list was made, and the user has not begun to walk in it.
---@param status semlens.Status?
---@return boolean
function Picker:is_outdated(status)
  return status ~= nil
    and self.source.name == 'search'
    and not (self.is_loading or self.has_moved)
    and self.result ~= nil
    and self.result.generation ~= status.generation
end

---Ask what the prompt says; the question before is cancelled.
function Picker:send_query()
  if self.cancel then
    self.cancel()
    self.cancel = nil
  end
  self.request_number = self.request_number + 1
  self.has_moved = false
  self.problem = nil
  self.needs_retry = false
  self.is_slow = false
  if vim.trim(self.text) == '' and self.source.name == 'search' then
    self.is_loading = false
    self.result = nil
    self:show_hits({})
    return
  end
  self.is_loading = true
  local number = self.request_number
  local cancel = self.source.request(self.text, function(err, result, is_partial)
    if self.request_number ~= number or self.is_closed then
      return
    end
    self.is_loading = is_partial
    self.is_slow = false
    self.answered_number = number
    if err then
      self.problem = err
      self:show_hits({})
      return
    end
    self.result = result
    self.all = result and result.hits or {}
    if self.source.live then
      self:show_hits(self.all)
    else
      self:narrow()
    end
  end)
  if self.is_loading and self.request_number == number then
    self.cancel = cancel
    view.info(self)
    vim.defer_fn(function()
      if self.request_number == number and self.is_loading and not self.is_closed then
        self.is_slow = true
        view.info(self)
      end
    end, SLOW_MS)
  end
end

---Keep of a fixed list the hits that hold what was typed; the order stays.
function Picker:narrow()
  self:show_hits(hits.matching(self.all, self.text))
end

---@param new_hits semlens.Hit[]
function Picker:show_hits(new_hits)
  local before = self.hits[self.index]
  self.hits = new_hits
  local index = #new_hits > 0 and 1 or 0
  if self.has_moved and before then
    index = math.min(self.index, #new_hits)
    local key = hits.key(before)
    for number, hit in ipairs(new_hits) do
      if hits.key(hit) == key then
        index = number
        break
      end
    end
  end
  self.index = index
  view.list(self)
end

---@param index integer
function Picker:select(index)
  if #self.hits == 0 then
    return
  end
  self.index = math.max(1, math.min(#self.hits, index))
  self.has_moved = true
  help.close(self)
  view.selection(self)
end

---A question that was under way is asked again when the server is back.
---@param exit { reason: string, is_off: boolean }
function Picker:on_server_exit(exit)
  if not self.is_loading then
    return
  elseif exit.is_off then
    self.is_loading = false
    self.problem = ('The server ended (%s). The next key starts it again; `:SemanticLog` says why.'):format(exit.reason)
    self:show_hits({})
  else
    self.needs_retry = true
    view.info(self)
  end
end

---Say something about the list in its place on the border.
---@param sentence string
function Picker:show_problem(sentence)
  self.problem = sentence
  view.info(self)
end

---Fit the windows to the screen, or to a preview that is wanted or not.
function Picker:resize()
  if not self.is_closed then
    help.close(self)
    windows.fit(self)
    self.border_key = nil
    view.list(self)
  end
end

---@param how? { stay?: boolean } stay: the cursor is where it shall be
function Picker:close(how)
  if self.is_closed then
    return
  end
  self.is_closed = true
  if M.current == self then
    M.current = nil
  end
  M.last = self
  if self.cancel then
    self.cancel()
  end
  self.timer:stop()
  self.timer:close()
  api.nvim_del_augroup_by_id(self.group)
  if self.source.name == 'search' then
    history.add(self.text)
  end
  help.close(self)
  windows.close(self)
  if not (how and how.stay) and api.nvim_win_is_valid(self.origin) then
    api.nvim_set_current_win(self.origin)
  end
  api.nvim_exec_autocmds('User', { pattern = 'SemlensPickerClose', modeline = false })
end

---Open the last picker again as it was left.
---@return boolean whether there was one
function M.reopen()
  local last = M.last
  if last then
    M.open(last.source, last.text, last)
  end
  return last ~= nil
end

return M
