-- Installs the server when it is missing and the user agrees: one command, in a terminal window.
-- `server` decides whether it is missing and which command installs it.
local client = require('semlens.client')
local messages = require('semlens.messages')
local server = require('semlens.server')

local M = {}

local TERMINAL_LINES = 12

---Run the install command in a terminal window.
---@param on_installed? fun()
function M.run(on_installed)
  local command = server.install_command()
  if not command and not server.package() then
    messages.say('NO_PACKAGE')
    return
  elseif not command then
    messages.say('CANNOT_INSTALL')
    return
  end
  local origin = vim.api.nvim_get_current_win()
  vim.cmd(('botright %dnew'):format(TERMINAL_LINES))
  local window = vim.api.nvim_get_current_win()
  vim.bo.bufhidden = 'wipe'
  vim.fn.jobstart(command, {
    term = true,
    on_exit = function(_, code)
      if code ~= 0 then
        messages.say('INSTALLATION_FAILED', command)
        return
      end
      local _, problem = server.find()
      if problem then
        messages.say('FAILED', problem)
        return
      end
      if vim.api.nvim_win_is_valid(window) and #vim.api.nvim_list_wins() > 1 then
        vim.api.nvim_win_close(window, true)
      end
      messages.say('INSTALLED')
      if on_installed then
        on_installed()
      end
    end,
  })
  vim.cmd('normal! G') -- the terminal then scrolls with its output
  if vim.api.nvim_win_is_valid(origin) then
    vim.api.nvim_set_current_win(origin)
  end
end

---Call back if the server is installed. Otherwise offer to install it, and call back once that is done.
---@param on_ready fun()
function M.ensure(on_ready)
  if client.get() then
    on_ready()
    return
  end
  local server_command, problem, is_missing = server.find(require('semlens.roots').find(0))
  local command = server.install_command()
  if server_command or not is_missing or not command then
    if problem then
      messages.say('FAILED', problem)
    else
      on_ready()
    end
    return
  end
  vim.ui.select({ 'Run `' .. command .. '`', 'Not now' }, {
    prompt = 'The semlens server is not installed.',
    kind = 'semlens-install',
  }, function(_, choice)
    if choice == 1 then
      M.run(on_ready)
    end
  end)
end

return M
