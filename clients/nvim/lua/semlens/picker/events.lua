-- The autocommands of the picker: changes of its prompt, of the screen and of the server.
local highlights = require('semlens.highlights')
local view = require('semlens.picker.view')

local M = {}

local api = vim.api

---The cursor has left the prompt, by any command. Go back to the prompt from the list; otherwise close the picker.
---@param picker semlens.Picker
local function on_prompt_left(picker)
  if picker.is_closed then
    return
  end
  local current_window = api.nvim_get_current_win()
  if current_window == picker.windows.list then
    picker:select(api.nvim_win_get_cursor(current_window)[1])
    api.nvim_set_current_win(picker.windows.prompt)
  elseif current_window ~= picker.windows.prompt then
    picker:close({ stay = true })
  end
end

---@param picker semlens.Picker
---@param event { match: string, data: any }
local function on_server_event(picker, event)
  if event.match == 'SemlensExit' then
    picker:on_server_exit(event.data)
  elseif event.match == 'SemlensReady' and picker.needs_retry then
    picker:send_query()
  elseif event.match == 'SemlensStatus' and picker:is_outdated(event.data) then
    picker:send_query()
  elseif #picker.hits == 0 then
    view.list(picker) -- an empty list shows the progress of the index
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
        on_prompt_left(picker)
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
      on_server_event(picker, event)
    end,
  })
end

return M
