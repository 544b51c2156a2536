-- Commands, discovery, and what happens when the server is not as it should be.
local equal = require('equal')
local with = require('with_editor')

local NO_SERVER = [[
  vim.g.semlens = nil
  vim.env.PATH = '/nonexistent'
]]

local LAST_NOTE = [[
  local last = _G.notes[#_G.notes]
  return last and last.text
]]

---Wait until the last message holds a text.
local function said(editor, text)
  return editor:wait(
    'the message ' .. text,
    [[
    for _, note in ipairs(_G.notes) do
      if note.text:find(..., 1, true) then return note.text end
    end
  ]],
    text
  )
end

return {
  {
    'loading the plugin loads nothing else and defines its commands',
    with({ enable = false }, function(editor)
      local loaded = editor:lua([[
        local found = {}
        for name in pairs(package.loaded) do
          if vim.startswith(name, 'semlens') then table.insert(found, name) end
        end
        return found
      ]])
      equal(loaded, {})
      local names = editor:lua([[
        local found = vim.tbl_filter(function(name) return vim.startswith(name, 'Semantic') end,
                                     vim.tbl_keys(vim.api.nvim_get_commands({})))
        table.sort(found)
        return found
      ]])
      equal(names, {
        'SemanticContext',
        'SemanticDuplicates',
        'SemanticLog',
        'SemanticPause',
        'SemanticReindex',
        'SemanticResume',
        'SemanticSearch',
        'SemanticSimilar',
        'SemanticStatus',
        'SemanticSymbols',
      })
      for _, name in ipairs({ 'search', 'search-word', 'search-again', 'similar', 'context', 'symbols', 'status' }) do
        assert(editor:lua("return vim.fn.maparg('<Plug>(semlens-' .. ... .. ')', 'n')", name) ~= '', name)
      end
    end),
  },
  {
    'a command starts the server, whatever is open',
    with({ enable = false }, function(editor)
      editor:keys(':SemanticSearch price with tax<CR>')
      editor:first_hit('totalPrice')
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens' })"), 1)
    end),
  },
  {
    'without a server one sentence says what to do, once',
    with({ lua = NO_SERVER }, function(editor)
      editor:edit('colour.py')
      local sentence = said(editor, 'is not installed')
      assert(sentence:find('pip install', 1, true) or sentence:find('pipx', 1, true), sentence)
      editor:edit('text.lua')
      editor:edit('shop/cart.ts')
      equal(editor:lua('return #_G.notes'), 1)
      editor:keys(':SemanticSearch colour<CR>')
      editor:wait(
        'the same in the picker',
        [[
        local p = require('semlens.picker').current
        return p and p.problem and p.problem:find('not installed', 1, true)
      ]]
      )
    end),
  },
  {
    "a project's own environment is run only where it is allowed",
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
    'a killed server is started again once, with one message, and stays off after the second time',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      local kill = [[
        local pid = vim.system({ 'pgrep', '-P', tostring(vim.fn.getpid()), '-f', 'semlens serve' }):wait().stdout
        assert(vim.uv.kill(tonumber(vim.trim(pid)), 'sigkill') == 0)
      ]]
      editor:lua(kill)
      said(editor, 'is started again')
      editor:ready()
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens', bufnr = 0 })"), 1)
      editor:keys(':SemanticSearch colour<CR>')
      editor:hits()
      editor:keys('<C-c>')
      equal(editor:lua('return #_G.notes'), 1)
      editor:lua(kill)
      said(editor, 'stays off')
      equal(editor:lua('return #_G.notes'), 2)
      editor:edit('text.lua')
      equal(editor:lua("return #vim.lsp.get_clients({ name = 'semlens' })"), 0)
      editor:keys(':SemanticSearch colour<CR>')
      editor:hits()
    end),
  },
  {
    'the status report follows the index',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      editor:cmd('SemanticStatus')
      local report = editor:wait(
        'the report',
        [[
        if vim.bo.filetype ~= 'semlens-status' then return false end
        local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
        return text:find('symbols', 1, true) and text
      ]]
      )
      assert(report:find('5 files', 1, true) and report:find('ready', 1, true), report)
      equal(editor:lua("return require('semlens').statusline()"), 'semlens')
      editor:lua("vim.fn.writefile({ 'def added():', '    pass' }, 'added.py')")
      editor:wait(
        'the new file',
        [[
        return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'):find('6 files', 1, true)
      ]]
      )
      editor:keys('q')
      editor:wait('its end', "return vim.bo.filetype == 'python'")
      editor:lua("os.remove('added.py')")
    end),
  },
  {
    'pause, resume and reindex tell what they did',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      editor:cmd('SemanticPause')
      said(editor, 'paused')
      editor:wait('the pause', "return require('semlens').status().state == 'paused'")
      equal(editor:lua("return require('semlens').statusline()"), 'semlens paused')
      editor:cmd('SemanticResume')
      said(editor, 'goes on')
      editor:cmd('SemanticReindex')
      said(editor, 'looked at again')
      editor:cmd('SemanticReindex!')
      said(editor, 'indexed anew')
      editor:ready()
      editor:cmd('SemanticLog')
      editor:wait('the log', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'server.log'")
    end),
  },
  {
    'workspace symbols, similar code and context',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      editor:keys(':SemanticSymbols ConnectionPool<CR>')
      editor:first_hit('ConnectionPool')
      editor:keys('<C-c>')
      editor:wait('its end', "return require('semlens.picker').current == nil")
      editor:cmd('normal! 7Gw')
      -- Answered here, since the server may not have learned these yet: what is tested is what the client sends and shows.
      editor:lua([[
        local client = require('semlens.client').get()
        local request = client.request
        _G.asked = {}
        client.request = function(self, method, params, handler, bufnr)
          if method ~= 'semlens/similar' and method ~= 'semlens/context' and method ~= 'semlens/duplicates' then
            return request(self, method, params, handler, bufnr)
          end
          _G.asked[method] = params
          local range = { start = { line = 3, character = 4 }, ['end'] = { line = 3, character = 16 } }
          local uri = vim.uri_from_fname(vim.fn.getcwd() .. '/colour.py')
          local hit = { name = 'parse_colour', kind = 12, location = { uri = uri, range = range }, signature = 'def p()' }
          local answers = {
            ['semlens/similar'] = { hits = { hit }, generation = 1, complete = true, elapsedMs = 1 },
            ['semlens/context'] = { text = '# Code\n\nsome', tokens = 3, budget = params.budget, items = {} },
            ['semlens/duplicates'] = { groups = { { symbols = { hit, hit }, similarity = 0.97, savedLines = 4 } } },
          }
          handler(nil, answers[method])
          return true, 1
        end
      ]])
      editor:keys(':SemanticSimilar<CR>')
      editor:first_hit('parse_colour')
      equal(editor:lua("return _G.asked['semlens/similar'].position"), { line = 6, character = 4 })
      editor:keys('xyz')
      editor:wait('an empty list', "return #require('semlens.picker').current.hits == 0")
      editor:keys('<C-c>')
      editor:wait('its end', "return require('semlens.picker').current == nil")
      editor:cmd('SemanticContext budget:900 how are pages fetched')
      editor:wait(
        'the document',
        "return vim.bo.filetype == 'markdown' and vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == '# Code'"
      )
      equal(
        editor:lua("local a = _G.asked['semlens/context'] return { a.budget, a.query }"),
        { 900, 'how are pages fetched' }
      )
      said(editor, '3 of 900 tokens')
      editor:cmd('bwipeout')
      editor:cmd('SemanticDuplicates')
      editor:wait(
        'the groups',
        [[
        local list = vim.fn.getqflist()
        return #list == 2 and list[1].text:find('group 1, 97%', 1, true)
      ]]
      )
    end),
  },
  {
    'vim.ui.select shows the hits where that is wished',
    with({}, function(editor)
      editor:lua([[
        require('semlens').setup({ ui = 'select' })
        vim.ui.select = function(items, options, done)
          _G.shown = vim.tbl_map(options.format_item, items)
          done(items[1])
        end
        vim.ui.input = function(_, done) done('hex string to red green blue') end
      ]])
      editor:edit('net/retry.py')
      editor:ready()
      editor:cmd('SemanticSearch')
      editor:wait('the jump', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'colour.py'")
      assert(editor:lua('return _G.shown[1]'):find('parse_colour  colour.py:4', 1, true))
    end),
  },
  {
    'filters are completed',
    with({ enable = false }, function(editor)
      local function complete(text)
        return editor:lua("return vim.fn.getcompletion('SemanticSearch ' .. ..., 'cmdline')", text)
      end
      equal(complete('retry test:'), { 'test:exclude', 'test:include', 'test:only' })
      equal(complete('kind:int'), { 'kind:interface' })
      equal(complete('lang:py'), { 'lang:python' })
      equal(complete('path:net/'), { 'path:net/retry.py' })
      equal(complete('-pa'), { '-path:' })
    end),
  },
  {
    ':checkhealth finds all well, and names a wrong setting',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      local function report()
        editor:cmd('checkhealth semlens')
        return editor:lua('return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\\n")')
      end
      local text = report()
      for _, part in ipairs({ 'the setting `cmd`', 'grammars', 'model', '5 files', 'state: ready' }) do
        assert(text:find(part, 1, true), part .. ' in ' .. text)
      end
      assert(not text:find('ERROR', 1, true), text)
      editor:lua("require('semlens').setup({ pikcer = {} })")
      assert(report():find('`pikcer` is not a setting', 1, true))
      equal(editor:lua(LAST_NOTE), vim.NIL)
    end),
  },
  {
    "highlights follow the colour scheme, and the user's own stay",
    with({ enable = false }, function(editor)
      local links = editor:lua([[
        vim.api.nvim_set_hl(0, 'SemlensName', { link = 'Error' })
        require('semlens.highlights').define()
        local function link(name) return vim.api.nvim_get_hl(0, { name = name }).link end
        return { link('SemlensName'), link('SemlensPath') }
      ]])
      equal(links, { 'Error', 'Directory' })
    end),
  },
}
