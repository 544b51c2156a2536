-- Installs the server from the wheel $WHEEL as `:Semlens install` does without uv and pipx: a virtual environment and pip,
-- in a terminal window. Then asks the installed server a question.
vim.opt.runtimepath:prepend(vim.env.SEMLENS_TEST_CLIENT)
vim.g.semlens = { package = vim.env.WHEEL, settings = { models = { refine = 'none' } } }
vim.cmd.runtime('plugin/semlens.lua')
local MINUTES = 10 * 60 * 1000

local function screens()
  local lines = {}
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[buffer].buftype == 'terminal' then
      vim.list_extend(lines, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
    end
  end
  return vim.trim(table.concat(lines, '\n'))
end

local function await(what, condition)
  if not vim.wait(MINUTES, condition, 100) then
    error(('%s did not come: %s\n%s'):format(what, vim.fn.execute('messages'), screens()))
  end
end

vim.ui.select = function(items, _, done)
  io.stdout:write('offered: ', items[1], '\n')
  done(items[1], 1)
end
local ready, failures = false, 0
local function on_ready()
  ready = true
end
vim.cmd.edit('colour.py')
require('semlens.install').ensure(on_ready)
await('the server', function()
  local _, count = vim.fn.execute('messages'):gsub('The terminal window shows the cause', '')
  if count > failures then
    failures = count
    io.stdout:write(screens(), '\n')
    assert(failures < 3, 'it was not installed in three attempts')
    require('semlens.install').run(on_ready) -- as a user whose package index did not answer
  end
  return ready
end)
local found = assert(require('semlens.server').find())
assert(found.from == 'an environment of its own', found.from)
local first_hit, is_asked
await('an answer', function()
  if not is_asked then
    is_asked = true
    require('semlens.client').request(
      'semlens/search',
      { query = 'hex string to red green blue' },
      function(err, answer)
        first_hit, is_asked = not err and answer.hits[1], false
      end
    )
  end
  return first_hit
end)
assert(first_hit.name == 'parse_colour', first_hit.name)
io.stdout:write('OK\n')
for _, client in ipairs(vim.lsp.get_clients()) do
  client:stop(true)
end
