-- The built-in picker: a prompt, a list and a preview. This module holds its state: the current request (every
-- keystroke cancels the previous one), the hits in the server's order, and the selected line. Drawing is left to
-- `view`, the windows to `windows`, and the keys to `actions`.
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
---@field text string the prompt's text
---@field hits semlens.Hit[] the shown hits
---@field all semlens.Hit[] the hits before filtering by the prompt
---@field index integer of the selected hit; 0: none
---@field marked table<string, boolean> by `hits.key`
---@field has_moved boolean the user selected a line; refined results keep it selected
---@field problem? string
---@field result? semlens.SearchResult
---@field is_loading boolean
---@field is_slow boolean the request takes so long that the border shows it
---@field is_closed boolean
---@field needs_retry boolean the server ended before it responded
---@field history_index integer 0: the draft, 1: the newest query
---@field draft? string the typed text, while the prompt shows an older query
---@field windows { prompt: integer, list: integer, preview?: integer }
---@field buffers { prompt: integer, list: integer, preview: integer }
---@field preview semlens.Preview
---@field timer uv.uv_timer_t of the preview
---@field group integer its autocommands
---@field help? integer window of the keys
---@field border_key? string content of the borders, to redraw them only when it changes
---@field origin integer window from which it was opened
---@field request_number integer of the last request
---@field answered_number integer of the request whose result, final or partial, is shown
---@field package cancel? fun()
local Picker = {}
Picker.__index = Picker

---The open picker, and the last closed one.
---@type semlens.Picker?
M.current = nil
---@type semlens.Picker?
M.last = nil

---@param source semlens.Source
---@param text? string
---@param previous? semlens.Picker a closed picker whose hits are shown again
---@return semlens.Picker
function M.open(source, text, previous)
  if M.current then
    M.current:close()
  end
  highlights.define()
  local options = config.get().picker
  if M.last then
    options.preview = M.last.options.preview -- it stays as the user left it
  end
  local self = setmetatable({
    source = source,
    options = options,
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

---Handle a change of the prompt's text.
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

---True if the index changed after the search and the user has not moved in the list.
---@param status semlens.Status?
---@return boolean
function Picker:is_outdated(status)
  return status ~= nil
    and self.source.name == 'search'
    and not (self.is_loading or self.has_moved)
    and self.result ~= nil
    and self.result.generation ~= status.generation
end

---Send the prompt's text as a query. Cancels the previous request.
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

---Filter a list that is not live by the prompt's text. Keeps the order.
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

---Repeat an unfinished request once the server is back. If it stays off, the request fails.
---@param exit { reason: string, is_off: boolean }
function Picker:on_server_exit(exit)
  if self.is_loading and not exit.is_off then
    self.needs_retry = true
    view.info(self)
  end
end

---Show a problem on the border of the list.
---@param message string
function Picker:show_problem(message)
  self.problem = message
  view.info(self)
end

---Fit the windows to the screen and to the option `preview`.
function Picker:resize()
  if not self.is_closed then
    help.close(self)
    windows.fit(self)
    self.border_key = nil
    view.list(self)
  end
end

---@param options? { stay?: boolean } stay: do not move the cursor to the original window
function Picker:close(options)
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
  if not (options and options.stay) and api.nvim_win_is_valid(self.origin) then
    api.nvim_set_current_win(self.origin)
  end
  api.nvim_exec_autocmds('User', { pattern = 'SemlensPickerClose', modeline = false })
end

---Open the last picker again, with its hits and selection.
---@return boolean whether there was one
function M.reopen()
  local last = M.last
  if last then
    M.open(last.source, last.text, last)
  end
  return last ~= nil
end

return M
