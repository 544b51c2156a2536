-- Measures the times of nvim_typing.py. This Neovim types into another one in a pseudo terminal. Both use the machine's
-- monotonic clock. The other one reports when it has drawn the list of a query. The time ends with the first bytes that
-- it writes after that.
local env = vim.uv.os_environ()
local questions = vim.json.decode(env.BENCH_QUESTIONS)
local pause_ms = tonumber(env.BENCH_PAUSE_MS)
local DEADLINE_MS = 1800000

---@type number[] times when bytes came from the terminal
local painted = {}
---@type table<string, number> by query: time when its list was drawn
_G.drawn = {}

local address = vim.fn.tempname()
local job = vim.fn.jobstart({
  env.SEMLENS_TEST_NVIM,
  '--listen',
  address,
  '-i',
  'NONE',
  '-n',
  '-u',
  env.SEMLENS_TEST_CLIENT .. '/tests/init.lua',
  '-c',
  "lua vim.lsp.enable('semlens')",
}, {
  pty = true,
  width = 130,
  height = 40,
  env = { TERM = 'xterm-256color' },
  on_stdout = function()
    painted[#painted + 1] = vim.uv.hrtime()
  end,
})
assert(job > 0, 'Neovim does not start')

local function wait(what, is_there)
  assert(vim.wait(DEADLINE_MS, is_there, 1), 'Timed out waiting for ' .. what)
end

local channel
wait('Neovim', function()
  local is_open, opened = pcall(vim.fn.sockconnect, 'pipe', address, { rpc = true })
  channel = is_open and opened > 0 and opened or nil
  return channel ~= nil
end)

local function lua(code, ...)
  return vim.rpcrequest(channel, 'nvim_exec_lua', code, { ... })
end

wait('the end of its start', function() -- it accepts connections before it has read its configuration
  return lua('return vim.v.vim_did_enter == 1')
end)
local status
lua("require('semlens.client').with_client(function() end)")
wait('the index', function()
  status = lua("return require('semlens').status()")
  return type(status) == 'table' and status.state == 'ready' and status.complete and #status.roots > 0
end)
lua(
  [[
  local channel = vim.api.nvim_get_chan_info(0).id
  for _, info in ipairs(vim.api.nvim_list_chans()) do
    channel = info.stream == 'socket' and info.mode == 'rpc' and info.id or channel
  end
  vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('bench'), {
    on_end = function()
      local picker = require('semlens.picker').current
      if picker and picker.result and picker.answered_number == picker.request_number and _G.told ~= picker.text then
        _G.told = picker.text
        local text, now = picker.text, vim.uv.hrtime()
        vim.schedule(function()
          vim.rpcnotify(channel, 'nvim_exec_lua', 'local text, now = ... _G.drawn[text] = now', { text, now })
        end)
      end
    end,
  })
]],
  nil
)

---@param after number
---@return number? time of the first bytes from the terminal after that time
local function paint_after(after)
  for _, moment in ipairs(painted) do
    if moment >= after then
      return moment
    end
  end
end

local listed_ms, echoed_ms, n_overtaken = {}, {}, 0
for round = 0, #questions do -- the first round loads everything and is not counted
  local question = questions[math.max(1, round)]
  vim.fn.chansend(job, ':SemanticSearch\r')
  wait('the picker', function()
    return lua("return require('semlens.picker').current ~= nil and vim.api.nvim_get_mode().mode == 'i'")
  end)
  for length = 1, #question do
    painted = {}
    local sent = vim.uv.hrtime()
    vim.fn.chansend(job, question:sub(length, length))
    vim.wait(pause_ms)
    local text = question:sub(1, length)
    local drawn = _G.drawn[text]
    local shown = drawn and paint_after(drawn)
    if round > 0 then
      local echoed = paint_after(sent)
      echoed_ms[#echoed_ms + 1] = echoed and (echoed - sent) / 1e6 or nil
      listed_ms[#listed_ms + 1] = shown and (shown - sent) / 1e6 or nil
      n_overtaken = n_overtaken + (shown and 0 or 1)
    end
  end
  vim.fn.chansend(job, '\3') -- Ctrl-C
  wait('the end of the picker', function()
    return lua("return require('semlens.picker').current == nil and vim.api.nvim_get_mode().mode == 'n'")
  end)
  _G.drawn = {}
  lua('_G.told = nil')
end

local n_symbols = 0
for _, root in ipairs(status.roots) do
  n_symbols = n_symbols + root.symbols
end
vim.fn.writefile({
  vim.json.encode({
    listed_ms = listed_ms,
    echoed_ms = echoed_ms,
    n_overtaken = n_overtaken,
    symbols = n_symbols,
  }),
}, env.BENCH_RESULT)
vim.fn.jobstop(job)
vim.fn.jobwait({ job }, 10000)
