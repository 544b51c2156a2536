-- Finding, installing and restarting the server; roots and events.
local equal = require('equal')
local with = require('with_editor')

-- PATH has no program, so the shell is set by its full path.
local NO_SERVER = [[
  vim.g.semlens = { package = '/tmp/semlens.whl' }
  vim.o.shell = '/bin/sh'
  vim.env.PATH = '/nonexistent'
]]

-- A fake `uv` that installs the program into the home folder, as the real one does.
local FAKE_UV = [[
  vim.env.HOME = vim.fn.tempname()
  vim.env.PATH = vim.env.HOME .. '/fake'
  vim.fn.mkdir(vim.env.PATH, 'p')
  vim.fn.writefile({
    '#!/bin/sh',
    '/bin/mkdir -p "$HOME/.local/bin"',
    '/bin/cat > "$HOME/.local/bin/semlens" <<EOF',
    '#!/bin/sh',
    'exec ' .. vim.env.SEMLENS_TEST_PYTHON .. ' -m semlens "\\$@"',
    'EOF',
    '/bin/chmod +x "$HOME/.local/bin/semlens"',
  }, vim.env.PATH .. '/uv')
  vim.fn.setfperm(vim.env.PATH .. '/uv', 'rwx------')
]]

return {
  {
    'a missing server gives one message that says what to do, and a command offers to install it',
    with({ lua = NO_SERVER .. FAKE_UV }, function(editor)
      editor:edit('colour.py')
      local sentence = editor:wait_for_message('no server is installed. Run :Semlens install')
      assert(#sentence < 60, 'a longer message would ask for Enter at each start: ' .. sentence)
      editor:edit('text.lua')
      editor:edit('shop/cart.ts')
      equal(editor:lua('return #_G.notes'), 1)
      editor:lua([[
        vim.ui.select = function(items, options, done)
          _G.offered = { options.prompt, items[1] }
          done(items[_G.choice], _G.choice)
        end
      ]])
      local offer = { 'The semlens server is not installed.', 'Run `uv tool install /tmp/semlens.whl`' }
      editor:lua('_G.choice = 2')
      editor:keys(':SemanticSearch colour<CR>')
      equal(editor:wait('the offer', 'return _G.offered'), offer)
      equal(editor:lua("return require('semlens.picker').current == nil"), true)
      editor:lua('_G.choice = 1')
      editor:keys(':SemanticSearch hex string to red green<CR>')
      editor:wait_for_message('The server is installed')
      editor:first_hit('parse_colour')
    end),
  },
  {
    'a Python that is too old is passed over, and without another one the message says what is needed',
    with({ lua = NO_SERVER .. FAKE_UV, enable = false }, function(editor)
      editor:lua([[
        local folder = vim.env.PATH
        vim.fn.delete(folder .. '/uv')
        vim.fn.writefile({ '#!/bin/sh', 'exit 1' }, folder .. '/python3')
        vim.fn.setfperm(folder .. '/python3', 'rwx------')
      ]])
      editor:keys(':SemanticInstall<CR>')
      editor:wait_for_message('neither uv, pipx nor Python 3.11 or later was found')
      editor:lua([[
        vim.fn.writefile({ '#!/bin/sh', 'exit 0' }, vim.env.PATH .. '/python3.12')
        vim.fn.setfperm(vim.env.PATH .. '/python3.12', 'rwx------')
        package.loaded['semlens.server'] = nil
      ]])
      local command = editor:lua("return require('semlens.server').install_command()")
      assert(vim.startswith(command, 'python3.12 -m venv '), command)
    end),
  },
  {
    'a failed installation gives a message and leaves its terminal open',
    with({ lua = NO_SERVER .. FAKE_UV, enable = false }, function(editor)
      editor:lua("vim.fn.writefile({ '#!/bin/sh', 'echo no such package; exit 3' }, vim.env.PATH .. '/uv')")
      editor:keys(':SemanticInstall<CR>')
      editor:wait_for_message('failed. The terminal window shows the cause')
      local shown = [[
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
          if table.concat(lines, '\n'):find('no such package', 1, true) then return true end
        end
      ]]
      editor:wait('the terminal', shown)
    end),
  },
  {
    "`vim.lsp.enable('semlens')` finds the server in PATH",
    with({ lua = NO_SERVER .. FAKE_UV .. "vim.fn.system({ 'uv' })", enable = false }, function(editor)
      editor:lua("vim.env.PATH = vim.env.HOME .. '/.local/bin' vim.lsp.enable('semlens')")
      editor:edit('colour.py')
      editor:ready()
      equal(editor:lua("return require('semlens.server').find().from"), 'PATH')
      equal(editor:lua('return #_G.notes'), 0)
    end),
  },
  {
    "a server in the project's .venv is used only with `project_venv`",
    with({ lua = NO_SERVER, enable = false }, function(editor)
      local found = editor:lua([[
        local root = vim.fn.tempname()
        vim.fn.mkdir(root .. '/.venv/bin', 'p')
        vim.fn.writefile({ '#!/bin/sh' }, root .. '/.venv/bin/semlens')
        vim.fn.setfperm(root .. '/.venv/bin/semlens', 'rwx------')
        local server = require('semlens.server')
        local before = server.find(root)
        vim.g.semlens = { project_venv = true }
        local after = server.find(root)
        vim.g.semlens = { cmd = '/nonexistent/semlens' }
        local _, problem = server.find(root)
        return { before == nil, after and after.from, problem }
      ]])
      equal({ found[1], found[2] }, { true, "the project's .venv" })
      assert(found[3]:find('/nonexistent/semlens', 1, true), found[3])
    end),
  },
  {
    'user-only settings come from the settings of the plugin, never from those of the language client',
    with({
      lua = "vim.lsp.config('semlens', { settings = { semlens = { models = { first = 'none' } } } })",
    }, function(editor)
      editor:edit('colour.py')
      editor:wait_for_message('semlens.models.first')
      editor:ready()
      equal(
        editor:lua("return vim.tbl_map(function(t) return t.role end, require('semlens').status().tiers)"),
        { 'first' }
      )
    end),
  },
  {
    'one client serves two roots',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      editor:lua([[
        local other = vim.fn.tempname()
        vim.fn.mkdir(other .. '/.git', 'p')
        vim.fn.writefile({ 'def knead_dough(flour):', '    return flour' }, other .. '/bread.py')
        vim.cmd.edit(other .. '/bread.py')
      ]])
      editor:wait(
        'the second root',
        "local s = require('semlens').status() return s and #s.roots == 2 and s.state == 'ready'"
      )
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens' })"), 1)
      editor:keys(':SemanticSearch knead_dough<CR>')
      editor:first_hit('knead_dough')
    end),
  },
  {
    'a server that ends before it is ready gives one message, which names what shows the cause',
    with(
      { lua = "vim.g.semlens = { cmd = { '/bin/sh', '-c', 'echo no module >&2; exit 3', 'sh', 'serve' } }" },
      function(editor)
        editor:edit('colour.py')
        local message = editor:wait_for_message('The server ended before it was ready (exit code 3)')
        assert(message:find(':checkhealth semlens', 1, true), message)
        equal(editor:lua('return #_G.notes'), 1)
        editor:cmd('checkhealth semlens')
        local report = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), ' ')]])
        assert(report:find('no module', 1, true), report)
      end
    ),
  },
  {
    'a killed server is restarted once, with one message, and stays off after the second crash',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      local kill = [[
        local pid = vim.system({ 'pgrep', '-P', tostring(vim.fn.getpid()), '-f', 'semlens serve' }):wait().stdout
        assert(vim.uv.kill(tonumber(vim.trim(pid)), 'sigkill') == 0)
      ]]
      -- Both crashes are at the same time, however long the restart takes.
      editor:lua([[
        local restart = require('semlens.restart')
        local after_crash = restart.after_crash
        restart.after_crash = function(_, was_ready) return after_crash(0, was_ready) end
      ]])
      editor:lua(kill)
      editor:wait_for_message('is being restarted')
      editor:ready()
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens', bufnr = 0 })"), 1)
      editor:keys(':SemanticSearch colour<CR>')
      editor:hits()
      editor:keys('<C-c>')
      equal(editor:lua('return #_G.notes'), 1)
      editor:lua(kill)
      editor:wait_for_message('stays off')
      equal(editor:lua('return #_G.notes'), 2)
      editor:edit('text.lua')
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens' })"), 0)
      editor:keys(':SemanticSearch colour<CR>')
      editor:hits()
    end),
  },
  {
    'the listing of a folder is no document, and its root is that of the folder',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      local folder = editor:lua([[
        local folder = vim.uv.fs_realpath(vim.fn.tempname():match('.*/'))
        vim.fn.mkdir(folder .. '/.git')
        vim.cmd.edit(folder)
        vim.v.errmsg = '' -- netrw asks for mappings that need not exist
        return folder
      ]])
      equal(editor:lua('return vim.bo.filetype'), 'netrw')
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens', bufnr = 0 })"), 0)
      equal(editor:lua("return require('semlens.roots').find(0)"), folder)
    end),
  },
  {
    'the User events are fired with their data',
    with({
      lua = [[
        _G.events = {}
        vim.api.nvim_create_autocmd('User', { pattern = 'Semlens*', callback = function(event)
          _G.events[event.match] = event.data or true
        end })
      ]],
    }, function(editor)
      editor:edit('colour.py')
      editor:ready()
      editor:keys(':SemanticSearch colour<CR>')
      editor:hits()
      editor:close_picker()
      equal(editor:lua('return _G.events.SemlensStatus.state'), 'ready')
      editor:lua("require('semlens.client').get():stop()")
      local events = editor:wait('the exit', 'return _G.events.SemlensExit and _G.events')
      equal(type(events.SemlensReady.client_id), 'number')
      equal({ events.SemlensPickerOpen, events.SemlensPickerClose }, { true, true })
      equal(events.SemlensExit, { reason = 'stopped', is_off = true })
      equal(editor:lua("return require('semlens').statusline()"), '')
    end),
  },
}
