-- Our own picker: a prompt, a list, a preview. Owns its windows and the question that is under way; every keystroke
-- cancels the question before. The order of the list is the server's.
local actions = require('semlens.picker.actions')
local config = require('semlens.config')
local highlights = require('semlens.highlights')
local history = require('semlens.history')
local hits = require('semlens.hits')
local layout = require('semlens.picker.layout')
local preview = require('semlens.picker.preview')
local rows = require('semlens.picker.rows')

local M = {}

local api = vim.api
local PREVIEW_DELAY_MS = 25
local namespace = api.nvim_create_namespace('semlens.picker')

---@class semlens.Picker
---@field source semlens.Source
---@field options semlens.PickerOptions
---@field text string
---@field hits semlens.Hit[]
---@field index integer of the selected hit; 0: none
---@field marked table<string, boolean>
---@field has_moved boolean the user chose the line: refined results must not move it
---@field problem? string
---@field result? semlens.SearchResult
---@field is_asking boolean
---@field windows { prompt: integer, list: integer, preview?: integer }
---@field buffers { prompt: integer, list: integer, preview: integer }
---@field origin integer window from which it was opened
local Picker = {}
Picker.__index = Picker

---The picker that is open, and the last one that was closed.
---@type semlens.Picker?
M.current = nil
---@type semlens.Picker?
M.last = nil

---@return string|string[]
local function border()
  local own = config.get().picker.border
  if own then
    return own
  end
  return vim.o.winborder ~= '' and vim.o.winborder or 'rounded'
end

---@param box semlens.Box
---@return vim.api.keyset.win_config
local function window_config(box)
  return {
    relative = 'editor',
    row = box.row,
    col = box.col,
    width = math.max(1, box.width),
    height = math.max(1, box.height),
    border = border(),
    zindex = 60,
  }
end

---@param source semlens.Source
---@param text? string
---@param before? semlens.Picker whose results to show again
---@return semlens.Picker
function M.open(source, text, before)
  if M.current then
    M.current:close()
  end
  highlights.define()
  local self = setmetatable({
    source = source,
    options = config.get().picker,
    text = text or '',
    hits = before and before.hits or {},
    index = before and before.index or 0,
    marked = before and before.marked or {},
    has_moved = before ~= nil,
    result = before and before.result or nil,
    problem = nil,
    is_asking = false,
    history_index = 0,
    buffers = {},
    windows = {},
    origin = api.nvim_get_current_win(),
    preview = preview.new(),
    timer = assert(vim.uv.new_timer()),
    group = api.nvim_create_augroup('semlens.picker', {}),
  }, Picker)
  M.current = self
  self:make_windows()
  self:make_events()
  actions.map(self)
  api.nvim_exec_autocmds('User', { pattern = 'SemlensPickerOpen', modeline = false })
  if before then
    self:render()
  else
    self:ask()
  end
  vim.cmd('startinsert!')
  return self
end

function Picker:make_windows()
  for _, name in ipairs({ 'prompt', 'list', 'preview' }) do
    local buffer = api.nvim_create_buf(false, true)
    self.buffers[name] = buffer
    vim.bo[buffer].bufhidden = name == 'preview' and 'hide' or 'wipe'
    vim.bo[buffer].filetype = name == 'preview' and '' or ('semlens-' .. name)
    vim.bo[buffer].undolevels = name == 'prompt' and vim.o.undolevels or -1
  end
  -- Completion plugins have no business here.
  vim.b[self.buffers.prompt].completion = false
  vim.b[self.buffers.prompt].minicompletion_disable = true
  api.nvim_buf_set_lines(self.buffers.prompt, 0, -1, false, { self.text })
  local boxes = self:boxes()
  for _, name in ipairs({ 'list', 'preview', 'prompt' }) do
    if boxes[name] then
      self:open_window(name, boxes[name])
    end
  end
  self.boxes_now = boxes
end

---@return semlens.Layout
function Picker:boxes()
  local lines = vim.o.lines - vim.o.cmdheight - (vim.o.laststatus > 0 and 1 or 0)
  return layout.compute(vim.o.columns, lines, self.options)
end

---@param name 'prompt'|'list'|'preview'
---@param box semlens.Box
function Picker:open_window(name, box)
  local window_options = window_config(box)
  window_options.focusable = name ~= 'preview'
  window_options.style = 'minimal'
  window_options.noautocmd = true
  local window = api.nvim_open_win(self.buffers[name], name == 'prompt', window_options)
  self.windows[name] = window
  local set = vim.wo[window]
  set.winhighlight = table.concat({
    'Normal:SemlensNormal',
    'NormalFloat:SemlensNormal',
    'FloatBorder:SemlensBorder',
    'FloatTitle:SemlensTitle',
    'FloatFooter:SemlensHint',
    'CursorLine:SemlensSelection',
  }, ',')
  set.wrap = false
  set.cursorline = name == 'list'
  set.scrolloff = name == 'prompt' and 0 or 1
  if name == 'prompt' then
    set.statuscolumn = '%#SemlensPrompt#> '
  end
end

function Picker:make_events()
  local function on(events, callback, buffer)
    api.nvim_create_autocmd(events, { group = self.group, buffer = buffer, callback = callback })
  end
  on({ 'TextChanged', 'TextChangedI', 'TextChangedP' }, function()
    self:prompt_changed()
  end, self.buffers.prompt)
  on('WinLeave', function()
    -- Wherever the user went, by whatever command: the picker does not stay behind.
    vim.schedule(function()
      local now = api.nvim_get_current_win()
      if M.current == self and now ~= self.windows.prompt and now ~= self.windows.list then
        self:close({ stay = true })
      elseif M.current == self and now == self.windows.list then
        self:select(api.nvim_win_get_cursor(now)[1])
        api.nvim_set_current_win(self.windows.prompt)
      end
    end)
  end, self.buffers.prompt)
  on('VimResized', function()
    self:resize()
  end)
  on('ColorScheme', highlights.define)
  api.nvim_create_autocmd('User', {
    group = self.group,
    pattern = { 'SemlensReady', 'SemlensStatus', 'SemlensExit' },
    callback = function(event)
      if event.match == 'SemlensReady' and self.needs_again then
        self:ask()
      elseif event.match == 'SemlensExit' then
        self.needs_again = true
      elseif self:is_outdated(event.data) then
        self:ask()
      end
      self:render_info()
    end,
  })
end

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
  if self.source.live then
    self:ask()
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
    and not (self.is_asking or self.has_moved)
    and self.result ~= nil
    and self.result.generation ~= status.generation
end

---Ask what the prompt says; the question before is cancelled.
function Picker:ask()
  if self.cancel then
    self.cancel()
    self.cancel = nil
  end
  self.has_moved = false
  self.problem = nil
  self.needs_again = false
  if vim.trim(self.text) == '' and self.source.name == 'search' then
    self.is_asking = false
    self.result = nil
    self:show_hits({})
    return
  end
  self.is_asking = true
  local number = (self.number or 0) + 1
  self.number = number
  local cancel = self.source.ask(self.text, function(err, result, is_partial)
    if self.number ~= number or self.is_closed then
      return
    end
    self.is_asking = is_partial
    if err then
      self.problem = err
      self:render_info()
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
  if self.is_asking then
    self.cancel = cancel
  end
  self:render_info()
end

---Keep of a fixed list the hits that hold what was typed; the order stays.
function Picker:narrow()
  local words = vim.split(self.text:lower(), '%s+', { trimempty = true })
  self:show_hits(vim.tbl_filter(function(hit)
    local text = (hit.name .. ' ' .. hits.path(hit)):lower()
    return vim.iter(words):all(function(word)
      return text:find(word, 1, true) ~= nil
    end)
  end, self.all or {}))
end

---@param found semlens.Hit[]
function Picker:show_hits(found)
  local before = self.hits[self.index]
  self.hits = found
  local index = #found > 0 and 1 or 0
  if self.has_moved and before then
    index = math.min(self.index, #found)
    local key = hits.key(before)
    for number, hit in ipairs(found) do
      if hits.key(hit) == key then
        index = number
        break
      end
    end
  end
  self.index = index
  self:render()
end

---@param index integer
function Picker:select(index)
  if #self.hits == 0 then
    return
  end
  self.index = math.max(1, math.min(#self.hits, index))
  self.has_moved = true
  self:render_selection()
end

function Picker:render()
  if self.is_closed then
    return
  end
  local width = api.nvim_win_get_width(self.windows.list)
  local lines, spans = {}, {}
  for number, hit in ipairs(self.hits) do
    local row = rows.row(hit, width, self.options.icons, self.marked[hits.key(hit)] == true)
    lines[number] = row.text
    spans[number] = row.spans
  end
  local buffer = self.buffers.list
  vim.bo[buffer].modifiable = true
  api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for number, row_spans in ipairs(spans) do
    for _, span in ipairs(row_spans) do
      api.nvim_buf_set_extmark(buffer, namespace, number - 1, span[1], { end_col = span[2], hl_group = span[3] })
    end
  end
  self:render_selection()
  self:render_info()
end

function Picker:render_selection()
  if self.is_closed then
    return
  end
  vim.wo[self.windows.list].cursorline = self.index > 0
  if self.index > 0 then
    api.nvim_win_set_cursor(self.windows.list, { self.index, 0 })
  end
  self:render_preview()
end

function Picker:render_preview()
  self.timer:stop()
  local window = self.windows.preview
  if not window then
    return
  end
  local hit = self.hits[self.index]
  self.timer:start(
    PREVIEW_DELAY_MS,
    0,
    vim.schedule_wrap(function()
      if self.is_closed or self.hits[self.index] ~= hit or self.windows.preview ~= window then
        return
      end
      if hit then
        self.preview:show(window, hit)
        local reasons = hit.reasons and #hit.reasons > 0 and (' · ' .. table.concat(hit.reasons, ', ')) or ''
        local title = (' %s:%d%s '):format(hits.path(hit), hits.target(hit).start.line + 1, reasons)
        local width = api.nvim_win_get_width(window)
        api.nvim_win_set_config(window, { title = rows.cut_start(title, width), title_pos = 'left' })
      else
        self.preview:clear()
        api.nvim_win_set_buf(window, self.buffers.preview)
        vim.wo[window].number = false
        api.nvim_win_set_config(window, { title = '' })
      end
    end)
  )
end

---@return string text what the picker has to say about the list
---@return string group
function Picker:info()
  local status = require('semlens.client').status
  if self.problem then
    return self.problem, 'SemlensError'
  elseif self.needs_again then
    return 'the server is started again …', 'SemlensWarn'
  elseif self.text == '' and #self.hits == 0 then
    return self.source.hint, 'SemlensHint'
  end
  local parts = {}
  if self.result then
    table.insert(parts, #self.hits == 0 and 'nothing found' or ('%d/%d'):format(self.index, #self.hits))
  end
  if self.is_asking then
    table.insert(parts, '…')
  end
  if self.result and self.result.complete == false or status and not status.complete then
    table.insert(parts, require('semlens.status').progress_text(status) or 'still indexing')
  end
  return table.concat(parts, ' · '), 'SemlensCount'
end

function Picker:render_info()
  if self.is_closed then
    return
  end
  local text, group = self:info()
  local buffer = self.buffers.prompt
  local width = api.nvim_win_get_width(self.windows.prompt)
  local typed = vim.fn.strdisplaywidth(self.text)
  local room = width - typed - 4
  api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  if text ~= '' and (room >= 8 or self.problem) then
    local is_hint = group == 'SemlensHint'
    api.nvim_buf_set_extmark(buffer, namespace, 0, 0, {
      virt_text = { { rows.cut_end(text, math.max(8, room)), group } },
      virt_text_pos = is_hint and 'overlay' or 'right_align',
    })
  end
  local title = (' %s '):format(self.source.title)
  local notes = self.result and self.result.notes or {}
  api.nvim_win_set_config(self.windows.prompt, { title = rows.cut_end(title, width), title_pos = 'left' })
  local footer = notes[1] and (' ' .. notes[1] .. ' ') or actions.footer(self.options, width)
  if self.problem and room < vim.fn.strdisplaywidth(self.problem) then
    footer = { { rows.cut_end(' ' .. self.problem .. ' ', width), 'SemlensError' } }
  end
  if type(footer) == 'string' then
    footer = rows.cut_end(footer, width)
  end
  api.nvim_win_set_config(self.windows.list, { footer = footer, footer_pos = 'left' })
end

---Fit the windows to the screen, or to a preview that is wanted or not.
function Picker:resize()
  if self.is_closed then
    return
  end
  local boxes = self:boxes()
  for _, name in ipairs({ 'prompt', 'list', 'preview' }) do
    local window, box = self.windows[name], boxes[name]
    if window and box then
      api.nvim_win_set_config(window, window_config(box))
    elseif window then
      api.nvim_win_close(window, true)
      self.windows[name] = nil
    elseif box then
      self:open_window(name, box)
    end
  end
  self:render()
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
  local was_inside = api.nvim_get_current_win() == self.windows.prompt
  if was_inside then
    vim.cmd.stopinsert()
  end
  for _, window in pairs(self.windows) do
    if api.nvim_win_is_valid(window) then
      api.nvim_win_close(window, true)
    end
  end
  if not (how and how.stay) and api.nvim_win_is_valid(self.origin) then
    api.nvim_set_current_win(self.origin)
  end
  self.preview:close()
  pcall(api.nvim_buf_delete, self.buffers.preview, { force = true })
  api.nvim_exec_autocmds('User', { pattern = 'SemlensPickerClose', modeline = false })
end

---Open the last picker again as it was left.
---@return boolean whether there was one
function M.again()
  local last = M.last
  if not last then
    return false
  end
  local again = M.open(last.source, last.text, last)
  again.all = last.all
  return true
end

return M
