-- The built-in picker, driven by keys.
local equal = require('equal')
local with = require('with_editor')

local function open_picker(editor, command)
  editor:edit('net/retry.py')
  editor:ready()
  editor:keys(':' .. command .. '<CR>')
end

return {
  {
    'live typing lists hits, Enter jumps to the name',
    with({}, function(editor)
      open_picker(editor, 'SemanticSearch')
      editor:wait('the picker', "return require('semlens.picker').current ~= nil")
      editor:keys('hex string to red green blue')
      editor:first_hit('parse_colour')
      equal(editor:lua("return require('semlens.picker').current.text"), 'hex string to red green blue')
      editor:keys('<CR>')
      editor:wait('the jump', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'colour.py'")
      equal(editor:place(), { 'colour.py', 4, 5 })
      equal(editor:lua('return vim.api.nvim_get_mode().mode'), 'n')
      equal(editor:lua('return #vim.api.nvim_list_wins()'), 1)
      editor:keys('<C-o>')
      editor:wait('the way back', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'retry.py'")
    end),
  },
  {
    'a query on the command line and a range are searched at once',
    with({}, function(editor)
      open_picker(editor, 'SemanticSearch price with tax')
      editor:first_hit('totalPrice')
      editor:keys('<C-c>')
      editor:wait('its end', "return require('semlens.picker').current == nil")
      editor:cmd('1,1SemanticSearch')
      equal(
        editor:lua("return require('semlens.picker').current.text"),
        '"""Fetching pages over an unreliable line."""'
      )
      editor:hits()
    end),
  },
  {
    'the keys of split, vsplit and tab open the hit there',
    with({}, function(editor)
      for key, expected in pairs({ ['<C-x>'] = { 2, 1 }, ['<C-v>'] = { 2, 1 }, ['<C-t>'] = { 1, 2 } }) do
        open_picker(editor, 'SemanticSearch delete old backups')
        editor:first_hit('PruneOldBackups')
        editor:keys(key)
        editor:wait('the jump', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'backup.go'")
        local layout = editor:lua('return { #vim.api.nvim_tabpage_list_wins(0), #vim.api.nvim_list_tabpages() }')
        equal(layout, expected)
        editor:cmd('tabonly | only')
      end
    end),
  },
  {
    "the quickfix list gets all hits in the server's order, or the marked ones",
    with({}, function(editor)
      open_picker(editor, 'SemanticSearch colour')
      editor:hits()
      local names = editor:lua([[
        return vim.tbl_map(function(hit) return vim.fs.basename(vim.uri_to_fname(hit.location.uri)) end,
                           require('semlens.picker').current.hits)
      ]])
      editor:keys('<C-q>')
      local quickfix = [[
        local list = vim.fn.getqflist({ title = true, items = true })
        return #list.items > 0 and { list.title, vim.tbl_map(function(item)
          return vim.fs.basename(vim.api.nvim_buf_get_name(item.bufnr)) end, list.items) }
      ]]
      equal(editor:wait('the list', quickfix), { 'semlens: colour', names })
      editor:cmd('cclose')
      editor:keys(':SemanticSearch!<CR>')
      editor:wait('the picker', "return require('semlens.picker').current ~= nil")
      editor:keys('<Down><Tab><C-q>')
      editor:wait('a list of one', 'return #vim.fn.getqflist() == 1')
    end),
  },
  {
    'moving wraps around, ! reopens the last results with the same selection',
    with({}, function(editor)
      open_picker(editor, 'SemanticSearch colour')
      local rows = editor:hits()
      assert(#rows >= 3, vim.inspect(rows))
      editor:keys('<Up>')
      editor:wait('the last line', "local p = require('semlens.picker').current return p.index == #p.hits")
      editor:keys('<C-n><C-n>')
      editor:wait('the second line', "return require('semlens.picker').current.index == 2")
      editor:keys('<Esc><Esc>')
      editor:wait('its end', "return require('semlens.picker').current == nil")
      editor:keys(':SemanticSearch!<CR>')
      editor:wait('the same line', "local p = require('semlens.picker').current return p and p.index == 2")
      equal(editor:hits(), rows)
    end),
  },
  {
    'the preview shows the file and highlights the hit',
    with({}, function(editor)
      open_picker(editor, 'SemanticSearch wrap a paragraph into lines')
      editor:first_hit('wrap')
      local marked = editor:wait(
        'the preview',
        [[
        local window = require('semlens.picker').current.windows.preview
        local buffer = vim.api.nvim_win_get_buf(window)
        local space = vim.api.nvim_get_namespaces()['semlens.preview']
        local marks = vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, {})
        local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
        return #marks > 0 and { lines[1], lines[4], vim.treesitter.highlighter.active[buffer] ~= nil }
      ]]
      )
      equal(marked, { 'local M = {}', 'function M.wrap(paragraph, width)', true })
    end),
  },
  {
    'unsaved text is found, marked and previewed, and is gone after `:edit!`',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      editor:keys('Oimport os<CR><CR><CR>def rotate_logs(folder):<CR>"""Move old log files away."""<CR>pass<CR><Esc>')
      editor:keys(':SemanticSearch archive old log files<CR>')
      local row = editor:first_hit('rotate_logs')
      assert(row:find('[+]', 1, true), row)
      editor:wait(
        'the preview',
        [[
        local window = require('semlens.picker').current.windows.preview
        local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
        return vim.iter(lines):any(function(line) return line:find('def rotate_logs', 1, true) ~= nil end)
      ]]
      )
      editor:keys('<C-c>')
      editor:wait('its end', "return require('semlens.picker').current == nil")
      editor:cmd('edit!')
      editor:keys(':SemanticSearch rotate_logs<CR>')
      local rows = editor:hits()
      assert(not table.concat(rows):find('rotate_logs', 1, true), vim.inspect(rows))
    end),
  },
  {
    'a keystroke cancels the previous request; late results are ignored',
    with({}, function(editor)
      editor:lua([[
        _G.queries, _G.cancelled, _G.answers = {}, {}, {}
        require('semlens.picker').open({ name = 'fake', title = 'Fake', hint = '', live = true, request = function(text, on_result)
          table.insert(_G.queries, text)
          _G.answers[text] = on_result
          return function() table.insert(_G.cancelled, text) end
        end })
      ]])
      for count = 1, #'voucher' do
        editor:keys(('voucher'):sub(count, count))
        editor:wait('the question', 'return #_G.queries == ...', count + 1) -- the empty prompt sent a request, too
      end
      local prefixes = { '', 'v', 'vo', 'vou', 'vouc', 'vouch', 'vouche', 'voucher' }
      equal(editor:lua('return _G.queries'), prefixes)
      equal(editor:lua('return _G.cancelled'), vim.list_slice(prefixes, 1, 7))
      local names = editor:lua([[
        local range = { start = { line = 0, character = 0 }, ['end'] = { line = 0, character = 1 } }
        local function answer(text)
          local hit = { name = text, kind = 12, location = { uri = 'file:///x', range = range } }
          _G.answers[text](nil, { hits = { hit } }, false)
          local first = require('semlens.picker').current.hits[1]
          return first and first.name or 'none'
        end
        return { answer('vouche'), answer('voucher'), answer('vo') }
      ]])
      equal(names, { 'none', 'voucher', 'voucher' })
    end),
  },
  {
    'cancelling a request sends $/cancelRequest',
    with({}, function(editor)
      editor:edit('colour.py')
      editor:ready()
      local counts = editor:lua([[
        local client = require('semlens.client')
        local sent, answered = {}, 0
        local ready = client.get()
        local notify = ready.rpc.notify
        ready.rpc.notify = function(method, params)
          if method == '$/cancelRequest' then table.insert(sent, params.id) end
          return notify(method, params)
        end
        local cancel = client.request('semlens/search', { query = 'colour' }, function() answered = answered + 1 end)
        cancel()
        cancel()
        local done = false
        client.request('semlens/search', { query = 'voucher' }, function() done = true end)
        vim.wait(120000, function() return done end, 5)
        return { #sent, answered, done }
      ]])
      equal(counts, { 1, 0, true })
    end),
  },
  {
    'refined results replace the first ones and keep the selected hit',
    with({}, function(editor)
      editor:edit('colour.py')
      local chosen = editor:lua([[
        local function hit(name, line)
          local range = { start = { line = line, character = 0 }, ['end'] = { line = line, character = 1 } }
          return { name = name, kind = 12, location = { uri = vim.uri_from_bufnr(0), range = range } }
        end
        local answer
        require('semlens.picker').open({ name = 'fake', title = 'Fake', hint = '', live = true, request = function(_, on_result)
          answer = on_result
          return function() end
        end }, 'x')
        local picker = require('semlens.picker').current
        answer(nil, { hits = { hit('a', 0), hit('b', 1), hit('c', 2) } }, true)
        local before = picker.index
        picker:select(2)
        answer(nil, { hits = { hit('c', 2), hit('a', 0), hit('d', 4), hit('b', 1) } }, false)
        return { before, picker.index, picker.hits[picker.index].name, picker.is_loading }
      ]])
      equal(chosen, { 1, 4, 'b', false })
    end),
  },
  {
    'history goes back to older queries and forward to the draft',
    with({}, function(editor)
      for _, text in ipairs({ 'voucher', 'backup' }) do
        open_picker(editor, 'SemanticSearch ' .. text)
        editor:hits()
        editor:keys('<C-c>')
        editor:wait('its end', "return require('semlens.picker').current == nil")
      end
      equal(editor:lua('return vim.g.SEMLENS_HISTORY'), { 'backup', 'voucher' })
      open_picker(editor, 'SemanticSearch draft')
      for _, step in ipairs({
        { '<C-Up>', 'backup' },
        { '<C-Up>', 'voucher' },
        { '<C-Up>', 'voucher' },
        { '<C-Down>', 'backup' },
        { '<C-Down>', 'draft' },
      }) do
        editor:keys(step[1])
        editor:wait(step[2], "return require('semlens.picker').current.text == ...", step[2])
      end
    end),
  },
  {
    'the windows fit every screen size',
    with({}, function(editor)
      open_picker(editor, 'SemanticSearch colour')
      editor:hits()
      for _, size in ipairs({
        { 250, 60, true },
        { 60, 40, true },
        { 60, 16, false },
        { 40, 12, false },
        { 130, 40, true },
      }) do
        editor:lua('vim.o.columns, vim.o.lines = ...', size[1], size[2])
        editor:cmd('doautocmd VimResized')
        local outside = editor:lua([[
          local found = {}
          for name, window in pairs(require('semlens.picker').current.windows) do
            local box = vim.api.nvim_win_get_config(window)
            if box.col < 0 or box.row < 0 or box.col + box.width + 2 > vim.o.columns or box.row + box.height + 2 > vim.o.lines then
              table.insert(found, { name, box.row, box.col, box.width, box.height })
            end
          end
          return { found, require('semlens.picker').current.windows.preview ~= nil }
        ]])
        equal(outside, { {}, size[3] })
        for _, row in ipairs(editor:hits()) do
          assert(vim.api.nvim_strwidth(row) <= size[1], row)
        end
      end
    end),
  },
  {
    'leaving the picker by a window command closes it',
    with({}, function(editor)
      open_picker(editor, 'SemanticSearch colour')
      editor:hits()
      editor:lua('vim.cmd.stopinsert() vim.cmd.wincmd("t")')
      editor:wait('its end', "return require('semlens.picker').current == nil")
      equal(editor:lua('return #vim.api.nvim_list_wins()'), 1)
    end),
  },
  {
    'a thousand random keys cause no error',
    with({}, function(editor)
      local seed = 20240229
      local function random(limit)
        seed = (seed * 1103515245 + 12345) % 2147483648
        return math.floor(seed / 65536) % limit + 1
      end
      local keys = {
        'a',
        'e',
        'r',
        't',
        ' ',
        '_',
        'x',
        '(',
        '"',
        'é',
        '<BS>',
        '<C-w>',
        '<Down>',
        '<Up>',
        '<C-n>',
        '<C-p>',
        '<Tab>',
        '<S-Tab>',
        '<F1>',
        '<PageDown>',
        '<PageUp>',
        '<C-d>',
        '<C-u>',
        '<Left>',
        '<Right>',
        '<C-Up>',
        '<C-Down>',
        '<M-v>',
        '<Home>',
        '<End>',
        '<Esc>',
        'i',
        '<C-c>',
      }
      open_picker(editor, 'SemanticSearch')
      for number = 1, 1000 do
        -- While Neovim waits for the second key of a command, it answers only nvim_get_mode.
        if not vim.rpcrequest(editor.channel, 'nvim_get_mode').blocking then
          if not editor:lua("return require('semlens.picker').current ~= nil") then
            editor:cmd('stopinsert')
            editor:cmd(number % 2 == 0 and 'SemanticSearch colour' or 'SemanticSearch!')
          end
          if number % 50 == 0 then
            equal(editor:lua('return vim.v.errmsg'), '')
          end
        end
        editor:keys(keys[random(#keys)])
      end
      editor:keys('<Esc>')
    end),
  },
}
