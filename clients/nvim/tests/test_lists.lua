-- Pickers of other plugins: they keep the server's order, send a new query on typing, and jump to the selected hit.
-- mini.pick and snacks are the real plugins. telescope and fzf-lua are in no package registry, so stubs replace them.
local equal = require('equal')
local with = require('with_editor')

local STUBS = "vim.opt.runtimepath:prepend(vim.env.SEMLENS_TEST_CLIENT .. '/tests/stubs')\n"
local QUESTIONS = { 'hex string to red green blue', 'price with value-added tax' }

---@param plugin string folder of the plugin
---@return string Lua code that loads it
local function real(plugin)
  return ("vim.opt.runtimepath:append(vim.env.SEMLENS_TEST_PLUGINS .. '/%s')\n"):format(plugin)
end

---@param ui string
---@return string
local function use(ui)
  return ("vim.g.semlens = vim.tbl_extend('force', vim.g.semlens, { ui = '%s' })"):format(ui)
end

local function ready(editor)
  editor:edit('net/retry.py')
  editor:ready()
  -- refined vectors may change an order between two questions
  editor:wait('the end of refinement', "return not require('semlens').status().refining")
end

---The names of the hits of a query, in the server's order.
local function order(editor, question)
  return editor:lua(
    [[
    local names
    require('semlens').query(..., function(_, result)
      names = vim.tbl_map(function(hit) return hit.name end, result.hits)
    end, { limit = 50, textDocument = { uri = vim.uri_from_bufnr(0) } })
    vim.wait(60000, function() return names ~= nil end, 5)
    return names
  ]],
    question
  )
end

---Wait until the open list shows these names.
---@param names string Lua code that returns the shown names, best first
local function shows(editor, names, expected)
  editor:wait(
    'the list ' .. table.concat(expected, ' '),
    ('local expected = ... local shown = (function() %s end)() return vim.deep_equal(shown, expected)'):format(names),
    expected
  )
end

---@param ui string
---@param lua string Lua code that loads the plugin
---@param is_empty string Lua code: whether the open list is complete and has no hits
local function refused(ui, lua, is_empty)
  return {
    ui .. ' gets an empty list for a refused request, and the message says why',
    with({ lua = lua .. use(ui) }, function(editor)
      ready(editor)
      editor:keys(":lua require('semlens').search('colour', { limit = 'many' })<CR>")
      editor:wait_for_message('limit')
      editor:wait('the empty list', is_empty)
    end),
  }
end

local function wait_for_file(editor, name)
  editor:wait('the jump', 'return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == ...', name)
end

return {
  {
    "mini.pick shows live hits in the server's order, and jumps",
    with({ lua = real('mini.nvim') .. use('mini.pick') .. "require('mini.pick').setup()" }, function(editor)
      local names = [[
        local pick = require('mini.pick')
        if not pick.is_picker_active() then return {} end
        local matches = pick.get_picker_matches() or {}
        return vim.tbl_map(function(item) return item.hit.name end, matches.all or {})
      ]]
      ready(editor)
      local expected = { order(editor, QUESTIONS[1]), order(editor, QUESTIONS[2]) }
      editor:keys(':SemanticSearch ' .. QUESTIONS[1] .. '<CR>')
      shows(editor, names, expected[1])
      editor:keys('<C-u>' .. QUESTIONS[2])
      shows(editor, names, expected[2])
      editor:keys('<CR>')
      wait_for_file(editor, 'cart.ts')
      equal(editor:place(), { 'cart.ts', 8, 17 })
      editor:keys(':SemanticSimilar<CR>')
      editor:wait('what is similar', ('return #(function() %s end)() > 2'):format(names))
      editor:keys('backup')
      editor:wait('the narrowed list', ('return #(function() %s end)() == 3'):format(names))
      editor:keys('<Esc>')
      editor:wait('its end', "return not require('mini.pick').is_picker_active()")
    end),
  },
  {
    "snacks shows live hits in the server's order, and jumps",
    with({ lua = real('snacks.nvim') .. use('snacks') .. "require('snacks').setup({})" }, function(editor)
      local names = [[
        local picker = require('snacks').picker.get({ source = 'semlens' })[1]
        if not picker or picker:is_active() then return {} end
        return vim.tbl_map(function(item) return item.hit.name end, picker:items())
      ]]
      ready(editor)
      local expected = { order(editor, QUESTIONS[1]), order(editor, QUESTIONS[2]) }
      editor:keys(':SemanticSearch ' .. QUESTIONS[1] .. '<CR>')
      shows(editor, names, expected[1])
      editor:keys(('<BS>'):rep(#QUESTIONS[1]) .. QUESTIONS[2])
      shows(editor, names, expected[2])
      editor:keys('<CR>')
      wait_for_file(editor, 'cart.ts')
      equal(editor:place(), { 'cart.ts', 8, 17 })
      editor:keys(':SemanticSimilar<CR>')
      local all = editor:wait(
        'what is similar',
        ('local names = (function() %s end)() return #names > 2 and names'):format(names)
      )
      editor:keys('py')
      local narrowed = editor:wait(
        'the narrowed list',
        ('local names = (function() %s end)() return #names > 2 and #names < ... and names'):format(names),
        #all
      )
      local expected_order = vim.tbl_filter(function(name)
        return vim.list_contains(narrowed, name)
      end, all)
      equal(narrowed, expected_order)
    end),
  },
  {
    "telescope shows hits in the server's order, and filters a list that is not live",
    with({ lua = STUBS .. use('telescope') }, function(editor)
      local names = [[
        return _G.telescope and _G.telescope.entries
          and vim.tbl_map(function(entry) return entry.value.name end, _G.telescope.entries) or {}
      ]]
      ready(editor)
      local expected = { order(editor, QUESTIONS[1]), order(editor, QUESTIONS[2]) }
      editor:cmd('SemanticSearch ' .. QUESTIONS[1])
      shows(editor, names, expected[1])
      editor:lua('_G.telescope:type(...)', QUESTIONS[2])
      shows(editor, names, expected[2])
      local entry = editor:lua([[
        local entry = _G.telescope.entries[1]
        local text, spans = entry.display(entry, _G.telescope)
        return { vim.fs.basename(entry.filename), entry.lnum, entry.col, text, type(spans[1][1][1]), spans[1][2] }
      ]])
      equal({ entry[1], entry[2], entry[3] }, { 'cart.ts', 8, 17 })
      assert(entry[4]:find('totalPrice', 1, true) and entry[4]:find('shop/cart.ts:8', 1, true), entry[4])
      equal({ entry[5], entry[6] }, { 'number', 'SemlensKind' })
      editor:lua("require('telescope._extensions.semlens').similar({})")
      editor:wait('what is similar', ('return #(function() %s end)() > 2'):format(names))
      editor:lua("_G.telescope:type('backup')")
      editor:wait('the narrowed list', ('return #(function() %s end)() == 3'):format(names))
    end),
  },
  {
    "fzf-lua shows lines with places in the server's order, unsorted",
    with({ lua = STUBS .. use('fzf-lua') }, function(editor)
      local names = [[
        return _G.fzf and _G.fzf.is_complete
          and vim.tbl_map(function(line) return line:match('%S+$') end, _G.fzf.lines) or {}
      ]]
      ready(editor)
      local expected = { order(editor, QUESTIONS[1]), order(editor, QUESTIONS[2]) }
      editor:cmd('SemanticSearch ' .. QUESTIONS[1])
      shows(editor, names, expected[1])
      editor:lua('_G.fzf:type(...)', QUESTIONS[2])
      shows(editor, names, expected[2])
      equal(
        editor:lua("return { _G.fzf.lines[1], _G.fzf.options.fzf_opts['--no-sort'] }"),
        { 'shop/cart.ts:8:17: function totalPrice', true }
      )
      editor:cmd('SemanticSimilar')
      editor:wait('what is similar', ('return #(function() %s end)() > 2'):format(names))
    end),
  },
  refused(
    'mini.pick',
    real('mini.nvim') .. "require('mini.pick').setup()",
    "local pick = require('mini.pick') return pick.is_picker_active() and #pick.get_picker_items() == 0"
  ),
  refused(
    'snacks',
    real('snacks.nvim') .. "require('snacks').setup({})",
    [[
    local picker = require('snacks').picker.get({ source = 'semlens' })[1]
    return picker and not picker:is_active() and #picker:items() == 0
  ]]
  ),
  refused('telescope', STUBS, 'return _G.telescope and _G.telescope.entries and #_G.telescope.entries == 0'),
  refused('fzf-lua', STUBS, 'return _G.fzf and _G.fzf.is_complete and #_G.fzf.lines == 0'),
  {
    'a list that waits for a server that stays off is empty, and the message says why',
    with({ lua = STUBS .. use('fzf-lua') }, function(editor)
      ready(editor)
      local send = [[
        local pid = vim.system({ 'pgrep', '-P', tostring(vim.fn.getpid()), '-f', 'semlens serve' }):wait().stdout
        assert(vim.uv.kill(tonumber(vim.trim(pid)), ...) == 0)
      ]]
      editor:lua("require('semlens.restart').after_crash = function() end")
      editor:lua(send, 'sigstop')
      editor:cmd('SemanticSearch colour')
      equal(editor:lua('return _G.fzf.is_complete'), false)
      editor:lua(send, 'sigkill')
      editor:wait_for_message('stays off')
      editor:wait('the empty list', 'return _G.fzf.is_complete and #_G.fzf.lines == 0')
    end),
  },
  {
    'a missing or unknown picker gives a message, and the built-in one is used',
    with({}, function(editor)
      ready(editor)
      for ui, part in pairs({ telescope = 'is not installed', telescoop = 'the unknown value "telescoop"' }) do
        editor:lua("_G.notes = {} require('semlens').setup({ ui = ... })", ui)
        editor:cmd('SemanticSearch colour')
        editor:hits()
        assert(editor:lua('return _G.notes[1].text'):find(part, 1, true))
        editor:keys('<C-c>')
        editor:wait('its end', "return require('semlens.picker').current == nil")
      end
    end),
  },
  {
    'the setting `ui = select` shows the hits in vim.ui.select',
    with({}, function(editor)
      editor:lua([[
        require('semlens').setup({ ui = 'select' })
        vim.ui.select = function(items, options, done)
          _G.shown = vim.tbl_map(options.format_item, items)
          done(items[1])
        end
        vim.ui.input = function(_, done) done('hex string to red green blue') end
      ]])
      ready(editor)
      editor:cmd('SemanticSearch')
      wait_for_file(editor, 'colour.py')
      assert(editor:lua('return _G.shown[1]'):find('parse_colour  colour.py:4', 1, true))
    end),
  },
}
