-- `:Semlens` with its sub-commands, and the :Semantic... commands. Each one reads its arguments and calls the API.
local client = require('semlens.client')
local messages = require('semlens.messages')
local roots = require('semlens.roots')

local M = {}

---@type table<string, fun(call: vim.api.keyset.create_user_command.command_args)>
local handlers = {}

---@param call vim.api.keyset.create_user_command.command_args
---@return string? the text of the range, or of the characterwise or blockwise selection that made the range
local function range_text(call)
  if call.range == 0 then
    return nil
  end
  local first, last = vim.fn.getpos("'<"), vim.fn.getpos("'>")
  local lines
  if call.range == 2 and vim.fn.visualmode() ~= 'V' and first[2] == call.line1 and last[2] == call.line2 then
    lines = vim.fn.getregion(first, last, { type = vim.fn.visualmode() })
  else
    lines = vim.api.nvim_buf_get_lines(0, call.line1 - 1, call.line2, false)
  end
  return vim.trim(table.concat(vim.tbl_map(vim.trim, lines), ' '))
end

function handlers.Search(call)
  local text = call.args ~= '' and call.args or range_text(call)
  if call.bang and not text then
    require('semlens').resume()
  else
    require('semlens').search(text)
  end
end

function handlers.Similar(call)
  require('semlens').similar(call.range > 0 and { line = call.line1 - 1, character = 0 } or nil)
end

function handlers.Context(call)
  local budget = call.args:match('budget:(%d+)')
  local query = vim.trim((call.args:gsub('budget:%d+', '')))
  local range
  if call.range > 0 then
    range = { start = { line = call.line1 - 1, character = 0 }, ['end'] = { line = call.line2, character = 0 } }
  end
  require('semlens').context({
    query = query ~= '' and query or nil,
    range = range,
    budget = tonumber(budget),
    clipboard = call.bang,
  })
end

function handlers.Symbols(call)
  require('semlens').symbols(call.args)
end

function handlers.Duplicates(call)
  require('semlens').duplicates(call.bang and vim.uri_from_bufnr(0) or nil)
end

function handlers.Callers()
  require('semlens.graph').callers()
end

function handlers.Callees()
  require('semlens.graph').callees()
end

function handlers.Impact(call)
  require('semlens.graph').impact(call.args ~= '' and call.args or nil)
end

function handlers.Status()
  require('semlens.status').open()
end

---@param method string
---@param params table
---@param message string
local function request_and_notify(method, params, message)
  client.request(method, params, function(err, status)
    if err then
      messages.say('FAILED', err)
      return
    end
    client.update_status(status)
    messages.say('DONE', message)
  end)
end

function handlers.Reindex(call)
  local message = call.bang and 'Indexing all files again.' or 'Checking all files for changes.'
  request_and_notify('semlens/reindex', { full = call.bang }, message)
end

function handlers.Pause()
  request_and_notify('semlens/pause', vim.empty_dict(), 'Indexing is paused. Search uses the index as it is now.')
end

function handlers.Resume()
  request_and_notify('semlens/resume', vim.empty_dict(), 'Indexing is resumed.')
end

function handlers.Log(call)
  local path = call.bang and require('semlens.log').path() or require('semlens.server').log_path()
  if not vim.uv.fs_stat(path) then
    messages.say('NO_LOG', path)
    return
  end
  vim.cmd.split(vim.fn.fnameescape(path))
  vim.bo.readonly = true
  vim.cmd('normal! G')
end

function handlers.Install()
  require('semlens.install').run()
end

---Commands about the symbol at the cursor, or about this file.
local ABOUT_FILE = { Similar = true, Callers = true, Callees = true }
---Commands that need no server.
local WITHOUT_SERVER = { Log = true, Install = true }

---@param name string without "Semantic"
---@param call vim.api.keyset.create_user_command.command_args
function M.run(name, call)
  if vim.fn.getcmdwintype() ~= '' then
    messages.say('COMMAND_WINDOW')
  elseif WITHOUT_SERVER[name] then
    handlers[name](call)
  elseif (ABOUT_FILE[name] or name == 'Duplicates' and call.bang) and not roots.is_file_buffer(0) then
    messages.say('NO_FILE')
  else
    client.warn_of_settings_once()
    require('semlens.install').ensure(function()
      handlers[name](call)
    end)
  end
end

---@return string[] the sub-commands of `:Semlens`, sorted
function M.sub_commands()
  local names = vim.tbl_map(string.lower, vim.tbl_keys(handlers))
  table.sort(names)
  return names
end

---`:Semlens`: a sub-command and its arguments; without one, a search.
---@param call vim.api.keyset.create_user_command.command_args
function M.run_sub_command(call)
  local first, rest = call.args:match('^(%S+)%s*(.*)$')
  if not first then
    M.run('Search', call)
    return
  end
  local name = first:sub(1, 1):upper() .. first:sub(2)
  if not handlers[name] then
    messages.say('NO_SUB_COMMAND', first, call.args)
    return
  end
  M.run(name, vim.tbl_extend('force', call, { args = rest }))
end

return M
