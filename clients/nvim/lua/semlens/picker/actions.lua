-- The actions of the picker, and the keys and mouse events that run them. An action gets the picker; only `map` and
-- `footer` know about keys.
local hits = require('semlens.hits')
local history = require('semlens.history')

local M = {}

local api = vim.api
local WHEEL_LINES = 3
---@type table<string, fun(picker: semlens.Picker)>
M.actions = {}
---{ action, description }, in the order of the help window.
M.descriptions = {
  { 'open', 'open' },
  { 'split', 'split' },
  { 'vsplit', 'vsplit' },
  { 'tab', 'tab' },
  { 'quickfix', 'quickfix' },
  { 'mark', 'mark and go to the next' },
  { 'mark_back', 'mark and go to the previous' },
  { 'next', 'next' },
  { 'previous', 'previous' },
  { 'page_down', 'page down' },
  { 'page_up', 'page up' },
  { 'preview_down', 'preview down' },
  { 'preview_up', 'preview up' },
  { 'toggle_preview', 'preview on or off' },
  { 'older', 'older query' },
  { 'newer', 'newer query' },
  { 'grep', 'live grep with these words' },
  { 'help', 'this list of keys' },
  { 'close', 'close' },
}
local N_IN_FOOTER = 5

---Close the picker, then act once Neovim has left insert mode. Leaving it moves the cursor by one, which would change
---the result of the action.
---@param picker semlens.Picker
---@param act fun()
local function leave(picker, act)
  picker:close()
  local function when_normal(tries)
    vim.schedule(function()
      if tries > 0 and api.nvim_get_mode().mode:sub(1, 1) == 'i' then
        when_normal(tries - 1)
      else
        act()
      end
    end)
  end
  when_normal(20)
end

for _, command in ipairs({ 'open', 'split', 'vsplit', 'tab' }) do
  M.actions[command] = function(picker)
    local hit = picker.hits[picker.index]
    if not hit then
      return
    elseif not hits.exists(hit) then
      picker:show_problem(('%s no longer exists.'):format(hits.path(hit)))
      return
    end
    leave(picker, function()
      hits.jump(hit, command)
    end)
  end
end

function M.actions.quickfix(picker)
  local chosen = vim.tbl_filter(function(hit)
    return picker.marked[hits.key(hit)] == true
  end, picker.hits)
  chosen = #chosen > 0 and chosen or picker.hits
  if #chosen == 0 then
    return
  end
  local title = picker.text ~= '' and ('%s: %s'):format(picker.source.title, picker.text) or picker.source.title
  leave(picker, function()
    hits.set_quickfix(chosen, title)
  end)
end

function M.actions.next(picker)
  picker:select(picker.index < #picker.hits and picker.index + 1 or 1)
end

function M.actions.previous(picker)
  picker:select(picker.index > 1 and picker.index - 1 or #picker.hits)
end

function M.actions.page_down(picker)
  picker:select(picker.index + api.nvim_win_get_height(picker.windows.list))
end

function M.actions.page_up(picker)
  picker:select(picker.index - api.nvim_win_get_height(picker.windows.list))
end

---@param picker semlens.Picker
---@param keys string as in a map
local function scroll(picker, keys)
  local window = picker.windows.preview
  if window then
    api.nvim_win_call(window, function()
      vim.cmd('normal! ' .. vim.keycode(keys))
    end)
  end
end

function M.actions.preview_down(picker)
  scroll(picker, '<C-d>')
end

function M.actions.preview_up(picker)
  scroll(picker, '<C-u>')
end

---@param picker semlens.Picker
---@param step integer
local function mark(picker, step)
  local hit = picker.hits[picker.index]
  if hit then
    local key = hits.key(hit)
    picker.marked[key] = not picker.marked[key] or nil
    require('semlens.picker.view').list(picker)
    picker:select(picker.index + step)
  end
end

function M.actions.mark(picker)
  mark(picker, 1)
end

function M.actions.mark_back(picker)
  mark(picker, -1)
end

---@param picker semlens.Picker
---@param step integer
local function recall(picker, step)
  local all = history.all()
  local index = math.max(0, math.min(#all, picker.history_index + step))
  if index ~= picker.history_index then
    picker.draft = picker.history_index == 0 and picker.text or picker.draft
    picker.history_index = index
    picker:set_text(index == 0 and picker.draft or all[index])
  end
end

function M.actions.older(picker)
  recall(picker, 1)
end

function M.actions.newer(picker)
  recall(picker, -1)
end

function M.actions.toggle_preview(picker)
  picker.options.preview = not picker.options.preview
  picker:resize()
end

function M.actions.grep(picker)
  local text = picker.text
  leave(picker, function()
    require('semlens.ui.grep').open(text)
  end)
end

function M.actions.help(picker)
  require('semlens.picker.help').toggle(picker)
end

function M.actions.close(picker)
  picker:close()
end

---The window and line under the mouse pointer.
---@param picker semlens.Picker
---@return 'prompt'|'list'|'preview'|nil name
---@return integer line
local function window_under_mouse(picker)
  local mouse = vim.fn.getmousepos()
  for name, window in pairs(picker.windows) do
    if window == mouse.winid then
      return name, mouse.line
    end
  end
  return nil, 0
end

---@param picker semlens.Picker
local function click(picker)
  local name, line = window_under_mouse(picker)
  if not name then
    picker:close()
  elseif name == 'list' and line >= 1 and line <= #picker.hits then
    picker:select(line)
  end
end

---@param picker semlens.Picker
local function double_click(picker)
  local name, line = window_under_mouse(picker)
  if name == 'list' and line >= 1 and line <= #picker.hits then
    picker:select(line)
    M.actions.open(picker)
  end
end

---@param picker semlens.Picker
---@param is_down boolean
local function wheel(picker, is_down)
  local name = window_under_mouse(picker)
  if name == 'preview' then
    scroll(picker, WHEEL_LINES .. (is_down and '<C-e>' or '<C-y>'))
  elseif name == 'list' then
    picker:select(picker.index + (is_down and 1 or -1))
  end
end

---@param options semlens.PickerOptions
---@param width integer
---@return string the first keys that fit into the width
function M.footer(options, width)
  local text = ''
  for index = 1, N_IN_FOOTER do
    local keys = options.keys[M.descriptions[index][1]]
    if keys then
      local key = type(keys) == 'table' and keys[1] or keys --[[@as string]]
      local more = ('%s %s '):format(key:gsub('[<>]', ''):gsub('^C%-', '^'), M.descriptions[index][2])
      if #text + #more + 2 > width then
        break
      end
      text = text .. ' ' .. more
    end
  end
  return text
end

---@param picker semlens.Picker
function M.map(picker)
  local function set(modes, key, name, act)
    vim.keymap.set(modes, key, function()
      act(picker)
    end, { buffer = picker.buffers.prompt, nowait = true, desc = 'semlens: ' .. name })
  end
  local normal = { j = 'next', k = 'previous', q = 'close', ['<Esc>'] = 'close' }
  for key, name in pairs(normal) do
    set('n', key, name, M.actions[name])
  end
  -- Window commands would leave the picker.
  vim.keymap.set('n', '<C-w>', '<Nop>', { buffer = picker.buffers.prompt, nowait = true })
  for name, keys in pairs(picker.options.keys) do
    local action = M.actions[name]
    for _, key in ipairs(keys and action and (type(keys) == 'table' and keys or { keys }) or {}) do
      set({ 'i', 'n' }, key, name, action)
    end
  end
  local both = { 'i', 'n' }
  set(both, '<LeftMouse>', 'select what is clicked', click)
  set(both, '<2-LeftMouse>', 'open what is clicked', double_click)
  set(both, '<ScrollWheelDown>', 'scroll', function()
    wheel(picker, true)
  end)
  set(both, '<ScrollWheelUp>', 'scroll', function()
    wheel(picker, false)
  end)
end

return M
