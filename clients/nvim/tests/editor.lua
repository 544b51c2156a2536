-- A Neovim under test, driven from this one. Keys are real input. Tests wait for a state, never for a time.
local M = {}
M.__index = M

M.DEADLINE_MS = tonumber(vim.env.SEMLENS_TEST_DEADLINE_MS or 120000)
local env = vim.uv.os_environ()
local PREAMBLE = [[
  _G.notes = {}
  vim.notify = function(text, level) table.insert(_G.notes, { text = text, level = level }) end
  vim.notify_once = vim.notify
]]

---@param options? { lua?: string, columns?: integer, lines?: integer, enable?: boolean }
function M.start(options)
  options = options or {}
  local command = { env.SEMLENS_TEST_NVIM, '--embed', '--headless', '-i', 'NONE', '-n' }
  vim.list_extend(command, { '-u', env.SEMLENS_TEST_CLIENT .. '/tests/init.lua' })
  local self = setmetatable({}, M)
  self.channel = vim.fn.jobstart(command, { rpc = true, cwd = env.SEMLENS_TEST_SCRATCH .. '/workspace' })
  assert(self.channel > 0, 'Neovim does not start')
  self:lua(PREAMBLE .. (options.lua or ''))
  self:lua('vim.o.columns, vim.o.lines = ...', options.columns or 130, options.lines or 40)
  if options.enable ~= false then
    self:lua("vim.lsp.enable('semlens')")
  end
  return self
end

function M:lua(code, ...)
  return vim.rpcrequest(self.channel, 'nvim_exec_lua', code, { ... })
end

function M:cmd(command)
  return vim.rpcrequest(self.channel, 'nvim_command', command)
end

---Type keys as a user does.
function M:keys(keys)
  local left = keys
  while #left > 0 do
    local n_taken = vim.rpcrequest(self.channel, 'nvim_input', left)
    left = left:sub(n_taken + 1)
  end
end

---Wait until the Lua code returns a true value, and return that.
function M:wait(description, code, ...)
  local value
  local arguments = { ... }
  local has_come = vim.wait(M.DEADLINE_MS, function()
    value = self:lua(code, unpack(arguments))
    return value ~= nil and value ~= false and value ~= vim.NIL
  end, 5)
  if not has_come then
    local seen = self:lua([[
      local p = require('semlens.picker').current
      local clients = vim.tbl_map(function(client)
        return { initialized = client.initialized, stopped = client:is_stopped() }
      end, vim.lsp.get_clients())
      return { notes = _G.notes, messages = vim.fn.execute('messages'), mode = vim.api.nvim_get_mode().mode,
               status = require('semlens').status(), clients = clients,
               picker = p and { text = p.text, problem = p.problem, n = #p.hits, asking = p.is_loading } }
    ]])
    error(('%s did not come: %s'):format(description, vim.inspect(seen)), 0)
  end
  return value
end

function M:edit(name)
  self:cmd('edit ' .. name)
end

function M:ready()
  self:wait(
    'an index that is ready',
    [[
    local status = require('semlens').status()
    return status and status.state == 'ready' and status.complete and #status.roots > 0
  ]]
  )
end

---The rows of the open picker, once its request is finished.
function M:hits()
  return self:wait(
    'hits',
    [[
    local p = require('semlens.picker').current
    if not p or p.is_loading or #p.hits == 0 then return false end
    return vim.api.nvim_buf_get_lines(p.buffers.list, 0, -1, false)
  ]]
  )
end

---Wait for a picker whose first row contains the text.
function M:first_hit(text)
  return self:wait(
    'the first hit ' .. text,
    [[
    local p = require('semlens.picker').current
    if not p or p.is_loading or #p.hits == 0 then return false end
    local row = vim.api.nvim_buf_get_lines(p.buffers.list, 0, 1, false)[1]
    return row:find(..., 1, true) and row
  ]],
    text
  )
end

---Wait for a message that contains the text.
function M:wait_for_message(text)
  return self:wait(
    'the message ' .. text,
    [[
    for _, note in ipairs(_G.notes) do
      if note.text:find(..., 1, true) then return note.text end
    end
  ]],
    text
  )
end

function M:close_picker()
  self:keys('<C-c>')
  self:wait('the end of the picker', "return require('semlens.picker').current == nil")
end

---Where the cursor is: file name, line and column, both from 1.
function M:place()
  return self:lua([[
    local cursor = vim.api.nvim_win_get_cursor(0)
    return { vim.fs.basename(vim.api.nvim_buf_get_name(0)), cursor[1], cursor[2] + 1 }
  ]])
end

function M:no_errors()
  local messages = self:lua([[return vim.fn.execute('messages') .. vim.v.errmsg]])
  assert(not messages:find('E%d+:') and not messages:find('Error'), 'errors: ' .. messages)
end

function M:stop()
  pcall(function()
    vim.rpcnotify(self.channel, 'nvim_command', 'qall!')
  end)
  vim.fn.jobwait({ self.channel }, 5000)
  vim.fn.jobstop(self.channel)
end

return M
