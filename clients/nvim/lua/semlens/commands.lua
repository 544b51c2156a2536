-- The :Semantic... commands: reads their arguments, calls the API.
local client = require('semlens.client')

local M = {}

---@type table<string, fun(call: vim.api.keyset.create_user_command.command_args)>
local handlers = {}

---@param call vim.api.keyset.create_user_command.command_args
---@return string? the lines of the range
local function range_text(call)
  if call.range == 0 then
    return nil
  end
  local lines = vim.api.nvim_buf_get_lines(0, call.line1 - 1, call.line2, false)
  return vim.trim(table.concat(vim.tbl_map(vim.trim, lines), ' '))
end

function handlers.Search(call)
  local semlens = require('semlens')
  if call.bang then
    semlens.resume()
  else
    local text = call.args ~= '' and call.args or range_text(call)
    semlens.search(text)
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

function handlers.Status()
  require('semlens.status').open()
end

---@param method string
---@param params table
---@param sentence string
local function tell(method, params, sentence)
  client.request(method, params, function(err, status)
    if err then
      client.say(err, vim.log.levels.ERROR)
      return
    end
    client.status = status
    client.say(sentence)
  end)
end

function handlers.Reindex(call)
  local sentence = call.bang and 'All files are indexed anew.' or 'All files are looked at again.'
  tell('semlens/reindex', { full = call.bang }, sentence)
end

function handlers.Pause()
  tell('semlens/pause', vim.empty_dict(), 'Indexing is paused; search goes on with what there is.')
end

function handlers.Resume()
  tell('semlens/resume', vim.empty_dict(), 'Indexing goes on.')
end

function handlers.Log()
  local path = require('semlens.server').log_path()
  if not vim.uv.fs_stat(path) then
    client.say(('There is no log at %s yet: the server has not run.'):format(path), vim.log.levels.WARN)
    return
  end
  vim.cmd.split(vim.fn.fnameescape(path))
  vim.bo.readonly = true
  vim.cmd('normal! G')
end

---@param name string without "Semantic"
---@param call vim.api.keyset.create_user_command.command_args
function M.run(name, call)
  handlers[name](call)
end

return M
