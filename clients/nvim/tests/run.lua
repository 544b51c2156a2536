-- Drives the client in a real Neovim against the real server. Each test waits for a state, with a deadline.

local scratch = assert(os.getenv('SEMLENS_TEST_SCRATCH'))
local client_folder = assert(os.getenv('SEMLENS_TEST_CLIENT'))
local python = assert(os.getenv('SEMLENS_TEST_PYTHON'))
local DEADLINE_MS = 60000

vim.opt.runtimepath:prepend(client_folder)
vim.cmd('filetype on')
vim.cmd.runtime('plugin/semlens.lua')

local failures, count = 0, 0

local function wait_for(what, predicate)
  local value
  local ok = vim.wait(DEADLINE_MS, function()
    value = predicate()
    return value ~= nil and value ~= false
  end, 10)
  assert(ok, what .. ' did not come; last messages: ' .. vim.fn.execute('messages'))
  return value
end

local function equal(found, expected)
  assert(vim.deep_equal(found, expected), ('expected %s, found %s'):format(vim.inspect(expected), vim.inspect(found)))
end

local function test(name, body)
  count = count + 1
  local ok, problem = xpcall(body, debug.traceback)
  if ok then
    print('ok - ' .. name)
  else
    failures = failures + 1
    print('not ok - ' .. name .. '\n' .. problem)
  end
end

local workspace = scratch .. '/workspace'
vim.fn.mkdir(workspace .. '/.git', 'p')
local function write(name, text)
  vim.fn.writefile(vim.split(text, '\n'), workspace .. '/' .. name)
end
write('colour.py', 'def parse_colour(text):\n    """Turn a hexadecimal string into red, green and blue."""\n    return int(text, 16)')
write('retry.py', 'import time\n\n\ndef fetch_with_retry(url):\n    """Download a page, trying again after a failure."""\n    return open(url)')

local notes = {}
vim.notify = function(text, level)
  notes[#notes + 1] = { text = text, level = level }
end

--- Answers `vim.ui.select` with the item that the function takes; keeps what was shown.
local shown
local function choosing(choose)
  shown = nil
  vim.ui.select = function(items, options, done)
    shown = vim.tbl_map(options.format_item, items)
    done(choose(items))
  end
end

local function client()
  return vim.lsp.get_clients({ name = 'semlens' })[1]
end

local function status()
  local answer = client():request_sync('semlens/status', {}, DEADLINE_MS)
  return assert(answer and answer.result, 'no status')
end

local semlens = require('semlens')

test('without a server it says what to do', function()
  semlens.search('anything')
  assert(notes[#notes].text:find('setup'), vim.inspect(notes))
  equal(notes[#notes].level, vim.log.levels.ERROR)
end)

test('a file of a project attaches the server', function()
  semlens.setup({ cmd = { python, '-m', 'semlens', 'serve' }, settings = { search = { limit = 7 } } })
  vim.cmd.edit(workspace .. '/retry.py')
  wait_for('a client', client)
  wait_for('initialized', function()
    return client().initialized
  end)
  equal(client().root_dir, workspace)
  equal(client().offset_encoding, 'utf-8')
  wait_for('ready', function()
    return status().state == 'ready'
  end)
  equal(#status().roots, 1)
end)

test(':SemanticSearch by meaning jumps to the name', function()
  choosing(function(items)
    return items[1]
  end)
  vim.cmd.SemanticSearch('hex string to rgb')
  wait_for('a list', function()
    return shown
  end)
  assert(shown[1]:find('parse_colour', 1, true) and shown[1]:find('colour.py:1', 1, true), vim.inspect(shown))
  wait_for('the jump', function()
    return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'colour.py'
  end)
  equal(vim.api.nvim_win_get_cursor(0), { 1, 4 })
end)

test('unsaved text is found, and forgotten when it is dropped', function()
  local buffer = vim.api.nvim_get_current_buf()
  local lines = { 'def rotate_logs(folder):', '    """Move old log files away."""', '', '' }
  vim.api.nvim_buf_set_lines(buffer, 0, 0, false, lines)
  choosing(function() end)
  wait_for('the unsaved function', function()
    shown = nil
    semlens.search('archive old log files')
    wait_for('a list', function()
      return shown
    end)
    return shown[1]:find('rotate_logs', 1, true) and shown[1]:find('[unsaved]', 1, true)
  end)
  vim.cmd('edit!')
  wait_for('its end', function()
    shown = nil
    semlens.search('rotate_logs')
    wait_for('a list', function()
      return shown
    end)
    return not table.concat(shown):find('rotate_logs', 1, true)
  end)
end)

test(':SemanticSearch! fills the quickfix list in order', function()
  vim.cmd('SemanticSearch! download a page again')
  local list = wait_for('a quickfix list', function()
    local found = vim.fn.getqflist({ title = true, items = true })
    return #found.items > 0 and found
  end)
  equal(list.title, 'Semantic search: download a page again')
  assert(list.items[1].text:find('fetch_with_retry', 1, true), vim.inspect(list.items))
  equal(list.items[1].lnum, 4)
  vim.cmd.cclose()
end)

test('an empty command asks for words', function()
  vim.ui.input = function(_, done)
    done('parse_colour')
  end
  choosing(function() end)
  vim.cmd.SemanticSearch()
  wait_for('a list', function()
    return shown
  end)
  assert(shown[1]:find('parse_colour', 1, true))
end)

test('a picker of one\'s own', function()
  local got
  semlens.options.select = function(hits, query, jump)
    got = { hits = hits, query = query, jump = jump }
  end
  semlens.search('parse_colour')
  wait_for('the hits', function()
    return got
  end)
  semlens.options.select = nil
  equal(got.query, 'parse_colour')
  equal(got.hits[1].name, 'parse_colour')
  vim.cmd.edit(workspace .. '/retry.py')
  got.jump(got.hits[1])
  equal(vim.fs.basename(vim.api.nvim_buf_get_name(0)), 'colour.py')
end)

test('a newer search replaces the older', function()
  local answers = {}
  for number = 1, 20 do
    semlens.options.select = function(_, query)
      answers[#answers + 1] = query
    end
    semlens.search('parse_colour ' .. number)
  end
  wait_for('the last answer', function()
    return answers[#answers] == 'parse_colour 20'
  end)
  semlens.options.select = nil
  equal(answers, { 'parse_colour 20' })
end)

test('workspace symbols keep the server\'s order', function()
  local answer = client():request_sync('workspace/symbol', { query = 'hex string to rgb' }, DEADLINE_MS)
  equal(answer.result[1].name, 'parse_colour')
end)

test('files written outside are found: Neovim on Linux watches none', function()
  write('bread.py', 'def bake_bread():\n    return "bread"')
  choosing(function() end)
  wait_for('the new file', function()
    shown = nil
    semlens.search('bake_bread')
    wait_for('a list', function()
      return shown
    end)
    return shown[1]:find('bake_bread', 1, true)
  end)
end)

test(':SemanticStatus and :SemanticReindex tell what they do', function()
  notes = {}
  vim.cmd.SemanticStatus()
  wait_for('the status', function()
    return notes[1]
  end)
  assert(notes[1].text:find('3 files', 1, true), notes[1].text)
  notes = {}
  vim.cmd.SemanticReindex()
  wait_for('the answer', function()
    return notes[1]
  end)
  assert(notes[1].text:find('again', 1, true), notes[1].text)
end)

test(':checkhealth finds all well', function()
  vim.cmd.checkhealth('semlens')
  local report = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  assert(report:find('The server is', 1, true), report)
  assert(not report:find('ERROR', 1, true), report)
  vim.cmd.bwipeout()
end)

test('the server ends with its client', function()
  local pid = vim.uv.fs_readlink('/proc/self') and vim.system({ 'pgrep', '-P', tostring(vim.uv.os_getpid()) }):wait().stdout
  client():stop()
  wait_for('the end', function()
    return client() == nil
  end)
  for one in (pid or ''):gmatch('%d+') do
    wait_for('process ' .. one .. ' gone', function()
      return vim.uv.kill(tonumber(one), 0) ~= 0
    end)
  end
end)

print(('%d of %d passed'):format(count - failures, count))
os.exit(failures == 0 and 0 or 1)
