-- `:checkhealth semlens`: checks the editor, the server's installation and the index.
local M = {}

local health = vim.health

local function check_editor()
  health.start('semlens: Neovim')
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. version)
  else
    health.error('Neovim ' .. version .. ' is too old', 'Install Neovim 0.11 or later.')
  end
  for _, problem in ipairs(require('semlens.config').problems()) do
    health.warn(problem, 'See `:help semlens-settings`.')
  end
  local ui_problem = require('semlens.ui').problem(require('semlens.config').get().ui)
  if ui_problem then
    health.warn(ui_problem, 'Install that plugin, or change the setting `ui`.')
  end
  if vim.lsp.is_enabled('semlens') then
    health.ok("`vim.lsp.enable('semlens')` is set: the server starts with the first file")
  else
    health.info(
      "The first command starts the server. Call `vim.lsp.enable('semlens')` to start it with the first file."
    )
  end
end

---@param server_command semlens.ServerCommand
local function check_installation(server_command)
  local server = require('semlens.server')
  local cmd = server.other_command(server_command, 'doctor', '--json')
  if not cmd then
    health.warn('The installation is not checked: the setting `cmd` has no `serve`, so `semlens doctor` cannot be run')
    return
  end
  local is_run, answer = pcall(function()
    return vim.system(cmd, { text = true, env = server.environment() }):wait(60000)
  end)
  local is_json, report = pcall(vim.json.decode, is_run and answer.stdout or '')
  if not is_run or not is_json or type(report.checks) ~= 'table' then
    local output = is_run and vim.trim(answer.stderr or '') or tostring(answer)
    health.error('`semlens doctor` failed: ' .. output, 'Install the server again.')
    return
  end
  health.ok('semlens ' .. report.version)
  for _, check in ipairs(report.checks) do
    local line = ('%s: %s'):format(check.name, check.message)
    -- `doctor` looks for editors in PATH. This Neovim may not be there.
    if check.level == 'ok' or check.name == 'editors' then
      health.ok(line)
    elseif check.level == 'warn' then
      health.warn(line, check.fix ~= '' and { check.fix } or nil)
    else
      health.error(line, check.fix ~= '' and { check.fix } or nil)
    end
  end
end

local function check_index()
  health.start('semlens: index')
  local client = require('semlens.client').get()
  if not client then
    health.info('The server does not run. Open a file, or run a command such as `:SemanticStatus`.')
    return
  end
  local answer = client:request_sync('semlens/status', vim.empty_dict(), 5000)
  local status = answer and answer.result
  if not status then
    health.error('The server does not respond', 'Look at `:SemanticLog`, then restart Neovim.')
    return
  end
  local report_line = status.state == 'degraded' and health.warn or health.ok
  report_line(('state: %s, positions: %s'):format(status.state, client.offset_encoding))
  for _, line in ipairs(require('semlens.status').lines(status)) do
    if vim.trim(line[1]) ~= '' then
      health.info(vim.trim(line[1]))
    end
  end
end

function M.check()
  check_editor()
  health.start('semlens: server')
  local server_command, problem = require('semlens.server').find(require('semlens.roots').find(0))
  if not server_command then
    health.error(problem or '', { 'Run `:SemanticInstall`.' })
    return
  end
  health.ok(('`%s`, from %s'):format(table.concat(server_command.cmd, ' '), server_command.from))
  if require('semlens.server').is_shared() then
    health.ok('This editor shares the resident server with other editors and commands')
  end
  check_installation(server_command)
  check_index()
end

return M
