-- What the plugin says to the user: each message has a code, a level and a text. `say` shows and logs it.
local log = require('semlens.log')
local text_of = require('semlens.text')

local M = {}

local levels = vim.log.levels

---@class semlens.Message
---@field level integer one of vim.log.levels
---@field text string what happened, then what to do; for string.format

---@enum (key) semlens.MessageCode
M.all = {
  CANNOT_INSTALL = {
    level = levels.ERROR,
    text = 'Cannot install the server: neither uv, pipx nor Python 3.11 or later was found. Install one of them.',
  },
  CANNOT_OPEN = { level = levels.ERROR, text = 'Cannot open %s in this window: %s' },
  CANNOT_START = {
    level = levels.ERROR,
    text = 'Cannot start the server. Run `:checkhealth semlens` for the cause. %s',
  },
  COMMAND_WINDOW = {
    level = levels.WARN,
    text = 'No window can be opened from the command-line window. Close it first with `:q`.',
  },
  CONTEXT_SIZE = { level = levels.INFO, text = '%s.' },
  COPIED = { level = levels.INFO, text = 'Copied %s to the clipboard.' },
  CRASHED = { level = levels.WARN, text = 'The server crashed (%s) and is being restarted. `:Semlens log` shows why.' },
  CRASHED_AGAIN = {
    level = levels.ERROR,
    text = 'The server crashed again (%s) and stays off. `:Semlens log` shows why. Any search starts it again.',
  },
  DONE = { level = levels.INFO, text = '%s' },
  ENDED_AT_START = {
    level = levels.ERROR,
    -- Its own log may not have begun.
    text = 'The server ended before it was ready (%s) and stays off. Run `:checkhealth semlens` for the cause.',
  },
  FAILED = { level = levels.ERROR, text = '%s' },
  INSTALLATION_FAILED = { level = levels.ERROR, text = '`%s` failed. The terminal window shows the cause.' },
  INSTALLED = { level = levels.INFO, text = 'The server is installed.' },
  LOST_SHARED = {
    level = levels.ERROR,
    text = 'The shared server ended too often (%s) and stays off. `semlens daemon start` in a shell shows why. '
      .. 'Any search starts it again.',
  },
  NO_CALLEES = { level = levels.INFO, text = '%s is not known to use anything.' },
  NO_CALLERS = { level = levels.INFO, text = 'Nothing is known to use %s.' },
  NO_CLIPBOARD = {
    level = levels.WARN,
    text = 'Neovim has no clipboard, so %s are in the unnamed register. `:help clipboard` says how to set one up.',
  },
  NO_DUPLICATES = { level = levels.INFO, text = 'No near-identical code was found.' },
  NO_EARLIER_SEARCH = {
    level = levels.WARN,
    text = 'There is no earlier search. Run `:Semlens search` with a query first.',
  },
  NO_FILE = { level = levels.WARN, text = 'This buffer is not a file of a project. Run the command in one that is.' },
  NO_HITS = { level = levels.INFO, text = 'Nothing found for "%s".' },
  NO_IMPACT = { level = levels.INFO, text = 'No change is known to affect other code.' },
  NO_LOG = {
    level = levels.WARN,
    text = 'There is no log at %s: nothing was written yet. Any search starts the server.',
  },
  NO_PACKAGE = {
    level = levels.ERROR,
    text = 'Cannot install the server: there is no wheel. Run `make build` in a clone, or set `package` to a wheel.',
  },
  -- Short, so that Neovim does not ask for Enter at its start.
  NO_SERVER = { level = levels.WARN, text = 'no server is installed. Run :Semlens install' },
  NO_SUB_COMMAND = { level = levels.ERROR, text = 'There is no sub-command "%s". Did you mean `:Semlens search %s`?' },
  NO_WORDS = { level = levels.WARN, text = 'There are no words to grep for. Type some in the picker first.' },
  UI = { level = levels.WARN, text = '%s The built-in picker is used.' },
  WRONG_SETTING = { level = levels.WARN, text = '%s' },
}

---@param code semlens.MessageCode
---@param ... any values of its text
---@return string
function M.text(code, ...)
  return M.all[code].text:format(...)
end

---@param message string
---@param level integer
function M.show(message, level)
  if not vim.startswith(message, 'semlens: ') then
    message = 'semlens: ' .. message
  end
  message = text_of.printable(message)
  log.write(level, message)
  vim.notify(message, level)
end

---Show a message to the user, and log it with its code.
---@param code semlens.MessageCode
---@param ... any values of its text
function M.say(code, ...)
  M.show(M.text(code, ...), M.all[code].level)
end

return M
