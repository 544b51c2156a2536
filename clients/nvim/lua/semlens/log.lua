-- The plugin's own log: `semlens.log` in stdpath('log'). The server has a log of its own. The file is opened at the
-- first message that is at least as important as the setting `log_level`.
local M = {}

local LEVEL_NAMES = { [0] = 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR' }
local MAX_BYTES = 1e6

---@type file*?
local file
local has_failed = false

---@return string
function M.path()
  return vim.fs.joinpath(vim.fn.stdpath('log') --[[@as string]], 'semlens.log')
end

---@return file*?
local function open()
  local path = M.path()
  vim.fn.mkdir(vim.fs.dirname(path), 'p')
  local stat = vim.uv.fs_stat(path)
  if stat and stat.size > MAX_BYTES then
    vim.uv.fs_rename(path, path .. '.old')
  end
  local opened = io.open(path, 'a')
  if opened then
    opened:setvbuf('line')
  end
  return opened
end

---@param level integer one of vim.log.levels
---@param message string
function M.write(level, message)
  if level < require('semlens.config').get().log_level or has_failed then
    return
  end
  file = file or open()
  if not file then
    has_failed = true -- a log that cannot be written disturbs nothing
    return
  end
  file:write(('%s %-5s %s\n'):format(os.date('%Y-%m-%d %H:%M:%S'), LEVEL_NAMES[level], message:gsub('\n', '\\n')))
end

return M
