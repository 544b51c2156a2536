-- Finds the server's program. Runs nothing but Pythons, to find one that can install it.
--
-- It searches in this order: the setting `cmd`; the activated virtual environment; the project's `.venv`, only if
-- `project_venv` is set (a cloned repository could bring one); PATH; where pipx, uv and `:Semlens install` install it.
local config = require('semlens.config')

local M = {}

---@class semlens.ServerCommand
---@field cmd string[]
---@field from string where it was found, as text for the user

local program = vim.fn.has('win32') == 1 and 'semlens.exe' or 'semlens'
local scripts = vim.fn.has('win32') == 1 and 'Scripts' or 'bin'

---@param path string
---@return boolean
local function is_program(path)
  return vim.fn.executable(path) == 1
end

---@return string folder of the virtual environment that is used without uv and pipx
local function own_environment()
  return vim.fs.joinpath(vim.fn.stdpath('data') --[[@as string]], 'semlens', 'venv')
end

---@param root? string
---@return semlens.ServerCommand? command
---@return string? problem message that says what to do
---@return boolean? is_missing true: it is not installed; false or nil: a setting is wrong
function M.find(root)
  local options = config.get()
  if options.cmd then
    local cmd = type(options.cmd) == 'string' and { options.cmd, 'serve' } or options.cmd --[[@as string[] ]]
    local first = vim.fs.normalize(cmd[1] or '')
    if not is_program(first) then
      return nil, ('Cannot run `%s`, the setting `cmd`. Correct the setting or remove it.'):format(cmd[1] or '')
    end
    return { cmd = vim.list_extend({ first }, cmd, 2), from = 'the setting `cmd`' }
  end
  for _, variable in ipairs({ 'VIRTUAL_ENV', 'CONDA_PREFIX' }) do
    local folder = vim.env[variable]
    if folder and is_program(vim.fs.joinpath(folder, scripts, program)) then
      return { cmd = { vim.fs.joinpath(folder, scripts, program), 'serve' }, from = '$' .. variable }
    end
  end
  if root and options.project_venv then
    local path = vim.fs.joinpath(root, '.venv', scripts, program)
    if is_program(path) then
      return { cmd = { path, 'serve' }, from = "the project's .venv" }
    end
  end
  local on_path = vim.fn.exepath('semlens')
  if on_path ~= '' then
    return { cmd = { on_path, 'serve' }, from = 'PATH' }
  end
  local fallback_folders = {
    ['~/.local/bin'] = vim.fs.joinpath(vim.uv.os_homedir() or '', '.local', 'bin'),
    ['an environment of its own'] = vim.fs.joinpath(own_environment(), scripts),
  }
  for from, folder in vim.spairs(fallback_folders) do
    local path = vim.fs.joinpath(folder, program)
    if is_program(path) then
      return { cmd = { path, 'serve' }, from = from }
    end
  end
  return nil, ('The semlens server is not installed. %s, or set `cmd` to its command.'):format(M.install_hint()), true
end

---The server's settings, without the name `semlens` that may be around them.
---@return table<string, any>
function M.settings()
  local settings = config.get().settings
  return type(settings.semlens) == 'table' and settings.semlens or settings
end

---Whether the user wants the resident server. `settings` may say it too, as for other editors.
---@return boolean
function M.is_shared()
  local own = M.settings()
  return config.get().server.shared or vim.tbl_get(own, 'server', 'shared') == true or own['server.shared'] == true
end

---The command of the language server; with the resident server, of the bridge to it.
---@param server_command semlens.ServerCommand
---@return string[]
function M.serve_command(server_command)
  local cmd = vim.deepcopy(server_command.cmd)
  if M.is_shared() then
    table.insert(cmd, '--shared')
  end
  return cmd
end

---The program with a command other than `serve`.
---@param server_command semlens.ServerCommand
---@param ... string the other command and its arguments
---@return string[]? nil: the setting `cmd` has no `serve`
function M.other_command(server_command, ...)
  for index, part in ipairs(server_command.cmd) do
    if part == 'serve' then
      return vim.list_extend(vim.list_slice(server_command.cmd, 1, index - 1), { ... })
    end
  end
end

---The environment of the server. It carries the user's settings, because the server accepts user-only settings from
---no message. They come from `vim.g.semlens` and `setup`, never from `client_config.settings`: plugins fill that from
---files of a project. A project's `.nvim.lua` is no risk: it runs only once the user trusts it.
---@return table<string, string>
function M.environment()
  local options = config.get()
  local server_settings = M.settings()
  local user_settings = next(server_settings) and vim.json.encode(server_settings) or '{}'
  return vim.tbl_extend('force', { SEMLENS_USER_SETTINGS = user_settings }, options.env or {})
end

---The wheel to install: the setting `package`, or the newest one that `make build` left in this clone. semlens is not
---on a package index yet.
---@return string?
function M.package()
  local setting = config.get().package
  if setting then
    return vim.fs.normalize(setting)
  end
  local source = debug.getinfo(1, 'S').source:sub(2)
  local clone = vim.fs.normalize(vim.fn.fnamemodify(source, ':p:h:h:h:h:h'))
  local wheels = vim.fn.glob(vim.fs.joinpath(clone, 'dist', 'semlens-*.whl'), false, true)
  table.sort(wheels, function(a, b)
    return vim.fn.getftime(a) > vim.fn.getftime(b)
  end)
  return wheels[1]
end

---@return string what the user can do to install the server
function M.install_hint()
  if not M.package() then
    return 'Run `make build` in a clone, set `package` to the wheel in its dist/ and run `:Semlens install`'
  end
  local command = M.install_command()
  return command and ('Run `%s`'):format(command) or 'Install uv or Python 3.11 or later, then run `:Semlens install`'
end

---Whether this is Python 3.11 or later, with what makes virtual environments. Version managers have commands that only
---print an error, so it is run, once.
---@type table<string, boolean>
local can_install = setmetatable({}, {
  __index = function(known, python)
    local check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
    known[python] = is_program(python) and vim.system({ python, '-c', check }):wait(10000).code == 0
    return known[python]
  end,
})

---The commands that install the server with uv, pipx or Python, one after the other. Each is a program with its
---arguments: they need no shell, so it matters not which one the user has.
---@return string[][]? nil: none of them was found, or there is no wheel
function M.install_steps()
  local package = M.package()
  if not package then
    return nil
  end
  for _, installer in ipairs({ { 'uv', 'tool', 'install' }, { 'pipx', 'install' } }) do
    if is_program(installer[1]) then
      return { vim.list_extend(installer, { package }) }
    end
  end
  for _, python in ipairs({ 'python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11' }) do
    if can_install[python] then
      local folder = own_environment()
      local own_python = vim.fs.joinpath(folder, scripts, 'python')
      return { { python, '-m', 'venv', folder }, { own_python, '-m', 'pip', 'install', package } }
    end
  end
end

---The same as one line for the user's eyes.
---@return string?
function M.install_command()
  local lines = {}
  for _, step in ipairs(M.install_steps() or {}) do
    local words = vim.tbl_map(function(word)
      return word:find('^[%w%-_./:]+$') and word or vim.fn.shellescape(word)
    end, step)
    table.insert(lines, table.concat(words, ' '))
  end
  return lines[1] and table.concat(lines, ' && ')
end

---The log file of the server; with the resident server, the newest log in its folder. The cache folder is determined
---as in the server.
---@return string path
function M.log_path()
  local options = config.get()
  local own = M.settings()
  local folder = (options.env or {}).SEMLENS_CACHE_DIR or vim.env.SEMLENS_CACHE_DIR
  if not folder or folder == '' then
    folder = vim.tbl_get(own, 'index', 'cacheFolder')
  end
  if not folder or folder == '' then
    local home = vim.uv.os_homedir() or ''
    if vim.fn.has('mac') == 1 then
      folder = vim.fs.joinpath(home, 'Library', 'Caches', 'semlens')
    elseif vim.fn.has('win32') == 1 then
      folder = vim.fs.joinpath(vim.env.LOCALAPPDATA or home, 'semlens', 'Cache')
    else
      folder = vim.fs.joinpath(vim.env.XDG_CACHE_HOME or vim.fs.joinpath(home, '.cache'), 'semlens')
    end
  end
  folder = vim.fs.normalize(folder)
  local logs = M.is_shared() and vim.fn.glob(vim.fs.joinpath(folder, 'server', '*.log'), false, true) or {}
  table.sort(logs, function(a, b)
    return vim.fn.getftime(a) > vim.fn.getftime(b)
  end)
  return logs[1] or vim.fs.joinpath(folder, 'server.log')
end

return M
