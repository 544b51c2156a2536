-- Every command: the request that it sends and what it shows.
local equal = require('equal')
local with = require('with_editor')

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
      local commands = editor:lua([[
        local found = vim.tbl_filter(function(name) return vim.startswith(name, 'Semantic') end,
                                     vim.tbl_keys(vim.api.nvim_get_commands({})))
        table.sort(found)
        return found
      ]])
      equal(commands, {
        'SemanticCallees',
        'SemanticCallers',
        'SemanticContext',
        'SemanticDuplicates',
        'SemanticImpact',
        'SemanticInstall',
        'SemanticLog',
        'SemanticPause',
        'SemanticReindex',
        'SemanticResume',
        'SemanticSearch',
        'SemanticSimilar',
        'SemanticStatus',
        'SemanticSymbols',
      })
      local names = { 'search', 'search-word', 'search-again', 'similar', 'context', 'symbols', 'duplicates', 'status' }
      for _, name in ipairs(names) do
        assert(editor:lua("return vim.fn.maparg('<Plug>(semlens-' .. ... .. ')', 'n')", name) ~= '', name)
      end
      for _, name in ipairs({ 'search', 'similar', 'context' }) do
        assert(editor:lua("return vim.fn.maparg('<Plug>(semlens-' .. ... .. ')', 'x')", name) ~= '', name)
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
    'pause, resume and reindex show a message',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      editor:cmd('SemanticPause')
      editor:wait_for_message('paused')
      equal(editor:lua("return require('semlens').status().state"), 'paused')
      equal(editor:lua("return require('semlens').statusline()"), 'semlens paused')
      editor:lua([[
        local client = require('semlens.client')
        local late = vim.tbl_extend('force', client.status, { number = client.status.number - 1, state = 'ready' })
        client.lsp_config().handlers['semlens/statusChanged'](nil, late, { client_id = client.get().id })
      ]])
      equal(editor:lua("return require('semlens').status().state"), 'paused')
      editor:cmd('SemanticResume')
      editor:wait_for_message('resumed')
      editor:cmd('SemanticReindex')
      editor:wait_for_message('Checking all files for changes')
      editor:cmd('SemanticReindex!')
      editor:wait_for_message('Indexing all files again')
      editor:ready()
      editor:cmd('SemanticLog')
      editor:wait('the log', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'server.log'")
    end),
  },
  {
    'workspace symbols, similar code and context',
    with({ lua = 'vim.g.loaded_clipboard_provider = 1' }, function(editor) -- disables the clipboard
      editor:edit('net/retry.py')
      editor:ready()
      editor:keys(':SemanticSymbols ConnectionPool<CR>')
      editor:first_hit('ConnectionPool')
      editor:close_picker()
      editor:keys(':7SemanticSimilar<CR>')
      local rows = editor:hits()
      assert(not table.concat(rows):find('fetch_with_retry', 1, true), vim.inspect(rows))
      editor:keys('xyz')
      editor:wait('an empty list', "return #require('semlens.picker').current.hits == 0")
      editor:close_picker()
      editor:cmd('SemanticContext budget:900 fetch_with_retry')
      local first =
        "return vim.bo.filetype == 'markdown' and table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')"
      local text = editor:wait('the document', first)
      assert(text:find('def fetch_with_retry', 1, true), text)
      editor:wait_for_message('of 900 tokens')
      editor:cmd('bwipeout')
      editor:cmd('25,29SemanticContext!')
      editor:wait_for_message('in the unnamed register')
      assert(editor:lua("return vim.fn.getreg('\"')"):find('class ConnectionPool', 1, true))
      editor:lua([[
        vim.g.clipboard = {
          name = 'test',
          copy = { ['+'] = function(lines) _G.copied = table.concat(lines, '\n') end, ['*'] = function() end },
          paste = { ['+'] = function() return {} end, ['*'] = function() return {} end },
        }
        vim.g.loaded_clipboard_provider = nil
        vim.cmd.runtime('autoload/provider/clipboard.vim')
      ]])
      editor:cmd('25,29SemanticContext!')
      editor:wait_for_message('to the clipboard')
      assert(editor:lua('return _G.copied'):find('class ConnectionPool', 1, true), editor:lua('return _G.copied'))
    end),
  },
  {
    'near-identical code goes to the quickfix list; with !, only that of this file',
    with({}, function(editor)
      editor:lua([[
        local root = vim.fn.tempname()
        vim.fn.mkdir(root .. '/.git', 'p')
        local function copy(name, argument)
          return {
            ('def %s(%s):'):format(name, argument),
            ('    total = 0'),
            ('    for item in %s:'):format(argument),
            ('        if item.price > 10:'),
            ('            total += item.price * item.count'),
            ('        else:'),
            ('            total -= item.discount'),
            ('    return total'),
          }
        end
        vim.fn.writefile(copy('sum_of_orders', 'orders'), root .. '/orders.py')
        vim.fn.writefile(copy('sum_of_bills', 'bills'), root .. '/bills.py')
        vim.fn.writefile({ 'alone = 1' }, root .. '/alone.py')
        vim.cmd.edit(root .. '/orders.py')
      ]])
      editor:ready()
      local groups = [[
        local list = vim.fn.getqflist()
        return #list > 0 and vim.tbl_map(function(item)
          return { vim.fs.basename(vim.api.nvim_buf_get_name(item.bufnr)), item.lnum, item.text:match('^group 1, %d+%%') ~= nil }
        end, list)
      ]]
      for _, command in ipairs({ 'SemanticDuplicates', 'SemanticDuplicates!' }) do
        editor:cmd(command)
        local found = editor:wait('the groups', groups)
        table.sort(found, function(a, b)
          return a[1] < b[1]
        end)
        equal(found, { { 'bills.py', 1, true }, { 'orders.py', 1, true } })
        editor:lua("vim.cmd.cclose() vim.fn.setqflist({}, 'f')")
      end
      editor:cmd('edit %:h/alone.py')
      editor:cmd('SemanticDuplicates!')
      editor:wait_for_message('No near-identical code was found')
    end),
  },
  {
    'a command about the symbol at the cursor needs a file',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      editor:cmd('enew')
      for _, command in ipairs({ 'SemanticSimilar', 'SemanticCallers', 'Semlens callees', 'Semlens! duplicates' }) do
        editor:lua('_G.notes = {}')
        editor:cmd(command)
        equal(
          editor:lua('return #_G.notes == 1 and _G.notes[1].text'),
          'semlens: This buffer is not a file of a project. Run the command in one that is.'
        )
      end
    end),
  },
  {
    'the report of the status opens in the current tab with the cursor in it',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      local is_in_report = "return vim.bo.filetype == 'semlens-status' and #vim.api.nvim_list_wins()"
      for n_tabs = 1, 2 do
        editor:cmd('SemanticStatus')
        equal(editor:wait('the report', is_in_report), n_tabs + 1)
        editor:cmd('wincmd p | SemanticStatus')
        equal(editor:wait('the report again', is_in_report), n_tabs + 1)
        editor:cmd('wincmd p | tabnew')
      end
    end),
  },
  {
    'callers and callees are listed in the quickfix list',
    with({}, function(editor)
      editor:edit('net/retry.py')
      local path = editor:lua([[
        local path = vim.fn.expand('%:p:h') .. '/calls.py'
        vim.fn.writefile({ 'def lonely():', '    pass', '', '', 'def outer():', '    return lonely()' }, path)
        return path
      ]])
      editor:cmd('edit %:h/calls.py')
      editor:ready()
      local list = [[
        local list = vim.fn.getqflist()
        return #list > 0 and { list[1].lnum, list[1].col, list[1].text:match('^perhaps') == nil, #list }
      ]]
      editor:cmd('Semlens callers')
      equal(editor:wait('the callers', list), { 6, 12, true, 1 })
      editor:lua("vim.cmd.cclose() vim.fn.setqflist({}, 'f')")
      editor:keys('6G')
      editor:cmd('SemanticCallees')
      equal(editor:wait('the callees', list), { 1, 5, true, 1 })
      assert(os.remove(path))
    end),
  },
  {
    'impact lists what a change that is not saved may affect',
    with({}, function(editor)
      editor:edit('net/retry.py')
      local folder = editor:lua([[
        local folder = vim.fn.expand('%:p:h')
        local lines = { 'from net.retry import fetch_with_retry', '', '', 'def outer():', '    fetch_with_retry(1)' }
        vim.fn.writefile(lines, folder .. '/uses.py')
        local git = { 'git', '-C', vim.fs.dirname(folder), '-c', 'user.name=a', '-c', 'user.email=a@b.c' }
        for _, words in ipairs({ { 'init', '-q' }, { 'add', 'net' }, { 'commit', '-qm', 'all' } }) do
          local answer = vim.fn.system(vim.list_extend(vim.deepcopy(git), words))
          assert(vim.v.shell_error == 0, answer)
        end
        return folder
      ]])
      editor:ready()
      editor:lua("vim.fn.append(8, '    # changed')")
      local list = [[
        vim.cmd('Semlens impact')
        vim.wait(500, function() return #vim.fn.getqflist() > 0 end)
        for _, item in ipairs(vim.fn.getqflist()) do
          if item.text:find('via fetch_with_retry', 1, true) then
            return { vim.fn.bufname(item.bufnr):match('[^/]+$'), item.lnum }
          end
        end
      ]]
      equal(editor:wait('what is affected', list), { 'uses.py', 4 })
      editor:lua("vim.fn.delete(vim.fs.dirname(...) .. '/.git', 'rf')", folder)
      assert(os.remove(folder .. '/uses.py'))
    end),
  },
  {
    'a selection within a line becomes the query',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      editor:lua(
        "vim.keymap.set('x', 'gs', '<Plug>(semlens-search)') vim.keymap.set('n', 'gw', '<Plug>(semlens-search-word)')"
      )
      local function prompt_text()
        return editor:wait('the question', "local p = require('semlens.picker').current return p and p.text")
      end
      editor:keys('22G^wwveegs')
      equal(prompt_text(), 'sockets open')
      editor:close_picker()
      editor:keys('7G^wgw')
      equal(prompt_text(), 'fetch_with_retry')
      editor:close_picker()
      editor:keys(':SemanticSearch! pool | "x" #<CR>')
      equal(prompt_text(), 'pool | "x" #')
    end),
  },
  {
    'the command-line window and a missing earlier search give a message',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      editor:keys(':SemanticSearch!<CR>')
      editor:wait_for_message('There is no earlier search')
      editor:keys('q:')
      editor:wait('the window', "return vim.fn.getcmdwintype() == ':'")
      editor:cmd('SemanticSearch colour')
      editor:wait_for_message('from the command-line window')
      equal(editor:lua("return require('semlens.picker').current == nil"), true)
      editor:keys('<C-c><Esc>')
    end),
  },
  {
    'a search jumps within its own tab',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      editor:keys(':tabnew text.lua<CR>')
      editor:keys(':SemanticSearch price with tax<CR>')
      editor:first_hit('totalPrice')
      editor:keys('<Esc>gt')
      editor:wait('the end of the picker', "return require('semlens.picker').current == nil")
      equal(editor:place()[1], 'retry.py')
      equal(editor:lua('return #vim.api.nvim_list_wins()'), 2)
      editor:keys(':SemanticSearch hex string to red green<CR>')
      editor:first_hit('parse_colour')
      editor:keys('<CR>')
      editor:wait('the jump', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'colour.py'")
      editor:keys('gt')
      editor:wait('the other tab', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'text.lua'")
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
      equal(complete('-path:s'), { '-path:shop/', '-path:store/' })
      equal(complete('-pa'), { '-path:' })
      equal(complete('bud'), {})
      equal(editor:lua("return vim.fn.getcompletion('SemanticContext bud', 'cmdline')"), { 'budget:' })
    end),
  },
}
