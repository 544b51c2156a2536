-- Installs the server when it is missing and the user agrees: one command, in a terminal window.
-- `server` decides whether it is missing and which command installs it.
local client = require('semlens.client')
local messages = require('semlens.messages')
local server = require('semlens.server')

local M = {}

local TERMINAL_LINES = 12

---Run the commands one after the other in a terminal window, until one fails.
---@param window integer
---@param steps string[][]
---@param on_end fun(code: integer)
local function run_in(window, steps, on_end)
  vim.api.nvim_win_call(window, function()
    vim.cmd.enew() -- a terminal needs a buffer of its own
    vim.bo.bufhidden = 'wipe'
    vim.fn.jobstart(steps[1], {
      term = true,
      on_exit = function(_, code)
        local rest = vim.list_slice(steps, 2)
        if code == 0 and #rest > 0 and vim.api.nvim_win_is_valid(window) then
          run_in(window, rest, on_end)
        else
          on_end(code)
        end
      end,
    })
    vim.cmd('normal! G') -- the terminal then scrolls with its output
  end)
end

---Install the server, in a terminal window.
---@param on_installed? fun()
function M.run(on_installed)
  local steps = server.install_steps()
  if not steps then
    messages.say(server.package() and 'CANNOT_INSTALL' or 'NO_PACKAGE')
    return
  end
  local origin = vim.api.nvim_get_current_win()
  vim.cmd(('botright %dnew'):format(TERMINAL_LINES))
  local window = vim.api.nvim_get_current_win()
  vim.api.nvim_set_current_win(origin)
  run_in(window, steps, function(code)
    if code ~= 0 then
      messages.say('INSTALLATION_FAILED', server.install_command())
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
  end)
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
