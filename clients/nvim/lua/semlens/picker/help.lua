-- A window over the picker that lists its keys. The next action closes it.
local highlights = require('semlens.highlights')

local M = {}

local api = vim.api

---@param picker semlens.Picker
---@return string[]
local function lines(picker)
  local help_lines = {}
  for _, entry in ipairs(require('semlens.picker.actions').descriptions) do
    local keys = picker.options.keys[entry[1]]
    if keys then
      local text = table.concat(type(keys) == 'table' and keys or { keys }, ' ')
      help_lines[#help_lines + 1] = (' %-20s %s'):format(text, entry[2])
    end
  end
  help_lines[#help_lines + 1] = (' %-20s %s'):format('<Esc>', 'normal mode, with j k q; <Esc> again closes')
  return help_lines
end

---@param picker semlens.Picker
function M.toggle(picker)
  if picker.help and api.nvim_win_is_valid(picker.help) then
    api.nvim_win_close(picker.help, true)
    picker.help = nil
    return
  end
  local text = lines(picker)
  local width = 0
  for _, line in ipairs(text) do
    width = math.max(width, #line + 1)
  end
  local buffer = api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = 'wipe'
  api.nvim_buf_set_lines(buffer, 0, -1, false, text)
  width = math.max(1, math.min(width, vim.o.columns - 4))
  local height = math.max(1, math.min(#text, vim.o.lines - 6))
  local window = api.nvim_open_win(buffer, false, {
    relative = 'editor',
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    width = width,
    height = height,
    style = 'minimal',
    border = 'rounded',
    title = highlights.on_border(' keys ', 'SemlensTitle'),
    zindex = 70,
    focusable = false,
    noautocmd = true,
  })
  vim.wo[window].winhighlight = highlights.window
  picker.help = window
end

---@param picker semlens.Picker
function M.close(picker)
  if picker.help then
    M.toggle(picker)
  end
end

return M
