-- The picker on a real terminal screen: a Neovim with its terminal interface runs in a terminal window of another
-- Neovim. The test sends keys as bytes and reads the text of the terminal.
local Editor = require('editor')

local Screen = {}
Screen.__index = Screen

---@param columns integer
---@param lines integer
function Screen.start(columns, lines)
  local self = setmetatable({ host = Editor.start({ columns = columns, lines = lines, enable = false }) }, Screen)
  self.host:lua([[
    vim.o.laststatus, vim.o.cmdheight, vim.o.ruler, vim.o.showmode = 0, 0, false, false
    _G.job = vim.fn.jobstart({
      vim.env.SEMLENS_TEST_NVIM, '-i', 'NONE', '-n', '-u', vim.env.SEMLENS_TEST_CLIENT .. '/tests/init.lua',
      '-c', "lua vim.lsp.enable('semlens')", 'net/retry.py',
    }, { term = true, env = { TERM = 'xterm-256color', NVIM = '' } })
  ]])
  return self
end

function Screen:text()
  return self.host:lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')")
end

function Screen:type(bytes)
  self.host:lua('vim.fn.chansend(_G.job, ...)', bytes)
end

---Wait until the screen shows all texts. A text that begins with `!` must not be shown.
function Screen:shows(...)
  local wanted = { ... }
  local has_come = vim.wait(Editor.DEADLINE_MS, function()
    local text = self:text()
    return vim.iter(wanted):all(function(part)
      local is_unwanted = part:sub(1, 1) == '!'
      local is_present = text:find(is_unwanted and part:sub(2) or part, 1, true) ~= nil
      return is_present ~= is_unwanted
    end)
  end, 20)
  assert(has_come, ('the screen does not show %s:\n%s'):format(table.concat(wanted, ' and '), self:text()))
end

function Screen:resize(columns, lines)
  self.host:lua('vim.o.columns, vim.o.lines = ...', columns, lines)
end

function Screen:stop()
  self.host:lua([[
    -- The terminal interface and the editor are two processes. The editor may be waiting for a key.
    local editors = vim.api.nvim_get_proc_children(vim.fn.jobpid(_G.job))
    vim.fn.jobstop(_G.job)
    vim.fn.jobwait({ _G.job }, 10000)
    for _, pid in ipairs(editors) do
      vim.uv.kill(pid, 'sigterm')
    end
  ]])
  self.host:stop()
end

---@param columns integer
---@param lines integer
---@param body fun(screen: table)
local function on(columns, lines, body)
  return function()
    local screen = Screen.start(columns, lines)
    local ok, problem = xpcall(body, debug.traceback, screen)
    screen:stop()
    assert(ok, problem)
  end
end

return {
  {
    'on a real screen: live typing, preview, resize to 60 and to 250 columns, jump',
    on(130, 36, function(screen)
      screen:shows('def fetch_with_retry')
      screen:type(':SemanticSearch\r')
      screen:shows('Describe what the code does')
      for letter in ('price with value-added tax'):gmatch('.') do
        screen:type(letter)
      end
      screen:shows('> price with value-added tax', 'totalPrice(items', 'shop/cart.ts:8', ' 1/')
      screen:shows('/** What the customer has to pay') -- the preview
      screen:resize(60, 30)
      screen:shows('totalPrice(items', 'shop/cart.ts:8', '/** What the customer has to pay')
      screen:resize(40, 12)
      screen:shows('totalPrice', '!/** What the customer')
      screen:resize(250, 50)
      screen:shows('totalPrice(items: Item[], taxRate: number): number', '/** What the customer has to pay')
      screen:type('\14') -- Ctrl-N
      screen:shows(' 2/')
      screen:type('\16')
      screen:shows(' 1/')
      screen:type('\r')
      screen:shows('!> price with', 'export function totalPrice', 'A voucher takes a share')
    end),
  },
}
