-- What the picker listens to: its prompt, the screen, the server.
local highlights = require('semlens.highlights')
local view = require('semlens.picker.view')

local M = {}

local api = vim.api

---Wherever the user went, by whatever command: the picker does not stay behind.
---@param picker semlens.Picker
local function left(picker)
  if picker.is_closed then
    return
  end
  local now = api.nvim_get_current_win()
  if now == picker.windows.list then
    picker:select(api.nvim_win_get_cursor(now)[1])
    api.nvim_set_current_win(picker.windows.prompt)
  elseif now ~= picker.windows.prompt then
    picker:close({ stay = true })
  end
end

---@param picker semlens.Picker
---@param event { match: string, data: any }
local function server_told(picker, event)
  if event.match == 'SemlensExit' then
    picker:server_ended(event.data)
  elseif event.match == 'SemlensReady' and picker.needs_again then
    picker:ask()
  elseif event.match == 'SemlensStatus' and picker:is_outdated(event.data) then
    picker:ask()
  elseif #picker.hits == 0 then
    view.list(picker) -- it says how far the index is
  else
    view.info(picker)
  end
end

---@param picker semlens.Picker
function M.watch(picker)
  local function on(names, options)
    options.group = picker.group
    api.nvim_create_autocmd(names, options)
  end
  local prompt = picker.buffers.prompt
  on({ 'TextChanged', 'TextChangedI', 'TextChangedP' }, {
    buffer = prompt,
    callback = function()
      picker:prompt_changed()
    end,
  })
  on('WinLeave', {
    buffer = prompt,
    callback = function()
      vim.schedule(function()
        left(picker)
      end)
    end,
  })
  on('VimResized', {
    callback = function()
      picker:resize()
    end,
  })
  on('ColorScheme', { callback = highlights.define })
  on('User', {
    pattern = { 'SemlensReady', 'SemlensStatus', 'SemlensExit' },
    callback = function(event)
      server_told(picker, event)
    end,
  })
end

return M
