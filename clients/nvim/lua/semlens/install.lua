-- Offers to install the server where there is none: one command, in a terminal, only when the user says yes.
local client = require('semlens.client')
local server = require('semlens.server')

local M = {}

local TERMINAL_LINES = 12

---Run the command that installs the server, where the user sees it.
---@param on_installed? fun()
function M.run(on_installed)
  local command = server.install_command()
  if not command then
    client.notify('Install uv or Python 3.11 first: there is nothing here that could install it.', vim.log.levels.ERROR)
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
        client.notify(('`%s` failed. See the terminal for the cause.'):format(command), vim.log.levels.ERROR)
        return
      end
      local _, problem = server.find()
      if problem then
        client.notify(problem, vim.log.levels.ERROR)
        return
      end
      if vim.api.nvim_win_is_valid(window) and #vim.api.nvim_list_wins() > 1 then
        vim.api.nvim_win_close(window, true)
      end
      client.notify('The server is installed.')
      if on_installed then
        on_installed()
      end
    end,
  })
  vim.cmd('normal! G') -- the terminal's end stays in sight
  if vim.api.nvim_win_is_valid(origin) then
    vim.api.nvim_set_current_win(origin)
  end
end

---Go on when there is a server; else offer to install it, and go on when that is done.
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
      client.notify(problem, vim.log.levels.ERROR)
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
