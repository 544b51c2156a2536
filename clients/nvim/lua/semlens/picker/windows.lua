-- Opens, resizes and closes the three windows of the picker and their buffers.
local config = require('semlens.config')
local highlights = require('semlens.highlights')
local layout = require('semlens.picker.layout')

local M = {}

local api = vim.api
local NAMES = { 'list', 'preview', 'prompt' } -- the prompt comes last, because it gets the cursor

---@param box semlens.Box
---@return vim.api.keyset.win_config
local function to_window_config(box)
  return {
    relative = 'editor',
    row = box.row,
    col = box.col,
    width = math.max(1, box.width),
    height = math.max(1, box.height),
    border = config.get().picker.border or (vim.o.winborder ~= '' and vim.o.winborder or 'rounded'),
    zindex = 60,
  }
end

---@param picker semlens.Picker
---@return semlens.Layout
local function compute_layout(picker)
  local has_statusline = vim.o.laststatus > 1 or vim.o.laststatus == 1 and #api.nvim_tabpage_list_wins(0) > 1
  local lines = vim.o.lines - vim.o.cmdheight - (has_statusline and 1 or 0)
  return layout.compute(vim.o.columns, lines, picker.options)
end

---@param name 'prompt'|'list'|'preview'
---@return integer
local function make_buffer(name)
  local buffer = api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = name == 'preview' and 'hide' or 'wipe'
  vim.bo[buffer].filetype = name == 'preview' and '' or ('semlens-' .. name)
  vim.bo[buffer].undolevels = name == 'prompt' and vim.go.undolevels or -1
  vim.bo[buffer].modifiable = name == 'prompt'
  return buffer
end

---@param picker semlens.Picker
---@param name 'prompt'|'list'|'preview'
---@param box semlens.Box
local function open_window(picker, name, box)
  local window_config = to_window_config(box)
  window_config.focusable = name ~= 'preview'
  window_config.style = 'minimal'
  window_config.noautocmd = true
  local window = api.nvim_open_win(picker.buffers[name], name == 'prompt', window_config)
  picker.windows[name] = window
  local set = vim.wo[window]
  set.winhighlight = highlights.window
  set.wrap = false
  set.cursorline = false
  set.winfixbuf = name ~= 'preview' -- commands such as `:bnext` would put a file into this window
  set.scrolloff = name == 'prompt' and 0 or 1
  set.sidescrolloff = name == 'prompt' and 1 or 0
  if name == 'prompt' then
    set.statuscolumn = '%#SemlensPrompt#> '
  end
end

---@param picker semlens.Picker
function M.open(picker)
  for _, name in ipairs(NAMES) do
    picker.buffers[name] = make_buffer(name)
  end
  local prompt = picker.buffers.prompt
  -- Completion and auto-pair plugins would change the query.
  vim.b[prompt].completion = false
  vim.b[prompt].minicompletion_disable = true
  vim.b[prompt].minipairs_disable = true
  api.nvim_buf_set_lines(prompt, 0, -1, false, { picker.text })
  local boxes = compute_layout(picker)
  for _, name in ipairs(NAMES) do
    if boxes[name] then
      open_window(picker, name, boxes[name])
    end
  end
  local cmp = package.loaded.cmp -- nvim-cmp has no buffer variable that disables it
  if cmp then
    pcall(cmp.setup.buffer, { enabled = false })
  end
end

---@param picker semlens.Picker
function M.fit(picker)
  local boxes = compute_layout(picker)
  for _, name in ipairs(NAMES) do
    local window, box = picker.windows[name], boxes[name]
    if window and box then
      api.nvim_win_set_config(window, to_window_config(box))
    elseif window then
      api.nvim_win_close(window, true)
      picker.windows[name] = nil
    elseif box then
      open_window(picker, name, box)
    end
  end
end

---@param picker semlens.Picker
function M.close(picker)
  if api.nvim_get_current_win() == picker.windows.prompt then
    vim.cmd.stopinsert()
  end
  for _, window in pairs(picker.windows) do
    if api.nvim_win_is_valid(window) then
      api.nvim_win_close(window, true)
    end
  end
  picker.preview:close()
  if api.nvim_buf_is_valid(picker.buffers.preview) then
    api.nvim_buf_delete(picker.buffers.preview, { force = true })
  end
end

return M
