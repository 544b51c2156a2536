-- The resident server, shared by two editors.
local Editor = require('editor')
local equal = require('equal')
local restart = require('semlens.restart')

local SHARED = 'vim.g.semlens = vim.tbl_extend("force", vim.g.semlens, { server = { shared = true } })'
local UNSAVED = 'def grind_coffee_beans(grams):'

---@param command string
---@return table answer of `semlens daemon <command> --json`
local function daemon(command)
  local python = vim.uv.os_getenv('SEMLENS_TEST_PYTHON')
  local answer = vim.system({ python, '-m', 'semlens', 'daemon', command, '--json' }, { text = true }):wait()
  assert(answer.code == 0, answer.stderr)
  return vim.json.decode(answer.stdout)
end

---@param n_editors integer
---@param body fun(...: table) gets the editors
---@param lua? string sets the server up; default: shared
---@return fun()
local function with_editors(n_editors, body, lua)
  return function()
    local editors = {}
    local ok, problem = xpcall(function()
      for number = 1, n_editors do
        editors[number] = Editor.start({ lua = lua or SHARED })
      end
      body(unpack(editors))
      for _, editor in ipairs(editors) do
        editor:no_errors()
      end
    end, debug.traceback)
    for _, editor in ipairs(editors) do
      editor:stop()
    end
    daemon('stop')
    assert(ok, problem)
  end
end

local function add_unsaved_code(editor)
  editor:lua('vim.api.nvim_buf_set_lines(0, -1, -1, false, { ... })', UNSAVED, '    return grams')
end

local function search(editor, query, name)
  editor:keys((':SemanticSearch %s<CR>'):format(query))
  local row = editor:first_hit(name)
  editor:close_picker()
  return row
end

return {
  {
    'the delay before a restart grows, and a server that fails quickly stays off',
    function()
      local rows = { -- life in seconds, delay in milliseconds
        { 0, 200 },
        { 9, 400 },
        { 30, 800 },
        { 0, 1600 },
        { 90, 200 },
        { 0, 400 },
        { 0, 800 },
        { 0, 1600 },
        { 0, 3200 },
        { 0, nil },
        { 0, 200 },
        { 90, 200 },
      }
      for number, row in ipairs(rows) do
        equal({ number, restart.after_loss(row[1] * 1000) }, { number, row[2] })
      end
      local delay
      for _ = 1, 10 do
        delay = restart.after_loss(30000)
      end
      equal(delay, 30000)
    end,
  },
  {
    'a server of one editor stays off after two crashes within a minute, or two failed starts however far apart',
    function()
      local rows = { -- time in minutes, whether it could take requests, whether it is started again
        { 0, true, true },
        { 0.5, true, false },
        { 2, true, true },
        { 4, false, true },
        { 6, true, true },
        { 8, false, true },
        { 60, false, false },
      }
      for number, row in ipairs(rows) do
        equal({ number, restart.after_crash(row[1] * 60000, row[2]) ~= nil }, { number, row[3] })
      end
      restart.started()
      equal(restart.after_crash(7200000, false), 0)
    end,
  },
  {
    'two editors share one server, and neither sees the unsaved text of the other',
    with_editors(2, function(first, second)
      for _, editor in ipairs({ first, second }) do
        editor:edit('colour.py')
        editor:ready()
      end
      add_unsaved_code(first)
      assert(search(first, 'grind coffee', 'grind_coffee_beans'):find('[+]', 1, true))
      assert(not search(second, 'grind coffee', ''):find('grind_coffee_beans', 1, true))
      local status = daemon('status')
      equal(
        vim.tbl_map(function(session)
          return session.protocol
        end, status.sessions),
        { 'lsp', 'lsp' }
      )
      equal(#status.roots, 1)
      -- The user's setting, `models.refine = 'none'`, came through the bridge.
      equal(#first:lua("return require('semlens').status().tiers"), 1)
      local count =
        vim.system({ 'pgrep', '-fc', 'semlens daemon run --cache-folder ' .. vim.env.SEMLENS_CACHE_DIR }):wait()
      equal(vim.trim(count.stdout), '1')
    end),
  },
  {
    'after a kill of the server the next search finds unsaved text, and the user sees no message',
    with_editors(1, function(editor)
      editor:edit('colour.py')
      add_unsaved_code(editor)
      editor:cmd('set hidden')
      editor:edit('text.lua')
      editor:ready()
      local before = daemon('status').processId
      assert(vim.uv.kill(before, 'sigkill') == 0)
      assert(search(editor, 'grind coffee', 'grind_coffee_beans'):find('[+]', 1, true))
      assert(daemon('status').processId ~= before)
      equal(editor:lua("return vim.tbl_count(vim.lsp.get_clients({ name = 'semlens' })[1].attached_buffers)"), 2)
      equal(editor:lua('return _G.notes'), {})
    end),
  },
  {
    'a request that the server did not answer is sent to the next one',
    with_editors(1, function(editor)
      editor:edit('colour.py')
      editor:ready()
      local pid = daemon('status').processId
      assert(vim.uv.kill(pid, 'sigstop') == 0)
      editor:lua("require('semlens').query('hex string to red green', function(err, hits) _G.found = hits or err end)")
      assert(vim.uv.kill(pid, 'sigkill') == 0)
      editor:wait('the answer', 'return type(_G.found) == "table"')
      equal(editor:lua('return _G.notes'), {})
    end, "vim.g.semlens = vim.tbl_deep_extend('force', vim.g.semlens, { settings = { server = { shared = true } } })"),
  },
  {
    'a shared server that cannot start gives one message, and the next search tries again',
    with_editors(1, function(editor)
      editor:edit('colour.py')
      local message = editor:wait('the message', 'return _G.notes[1]')
      assert(message.text:find('`semlens daemon start` in a shell shows why', 1, true), message.text)
      equal(editor:lua('return #_G.notes'), 1)
      editor:lua('vim.g.semlens = _G.working')
      search(editor, 'hex string to red green', 'parse_colour')
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens', bufnr = 0 })"), 1)
      equal(editor:lua('return #_G.notes'), 1)
    end, SHARED .. [[
      _G.working = vim.g.semlens
      local broken = vim.deepcopy(vim.g.semlens)
      broken.env = { SEMLENS_CACHE_DIR = '/dev/null/none' }
      vim.g.semlens = broken
    ]]),
  },
}
