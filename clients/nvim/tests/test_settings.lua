-- Wrong settings: each is told by name, once, and its default is used.
local equal = require('equal')
local with = require('with_editor')

---Settings with a wrong value, and what the value must be.
local WRONG = {
  { 'cmd = 5', 'cmd', 'must be a string or a list of strings' },
  { "cmd = { 'semlens', 5 }", 'cmd', 'must be a string or a list of strings' },
  { "env = 'A=1'", 'env', 'must be a table' },
  { 'package = 7', 'package', 'must be a string' },
  { "log_level = 'debug'", 'log_level', 'must be one of vim.log.levels' },
  { "settings = 'none'", 'settings', 'must be a table' },
  { 'server = true', 'server', 'must be a table' },
  { "server = { shared = 'yes' }", 'server.shared', 'must be true or false' },
  { "root_markers = '.git'", 'root_markers', 'must be a list of strings, or of lists of strings' },
  { 'ui = 5', 'ui', 'must be a string' },
  { "context_budget = 'all'", 'context_budget', 'must be a whole number from 1 to 10000000' },
  { "picker = 'x'", 'picker', 'must be a table' },
  { "picker = { width = '90%' }", 'picker.width', 'must be a number above 0' },
  { 'picker = { icons = true }', 'picker.icons', "must be 'auto', false or a table" },
  { "picker = { border = 'wavy' }", 'picker.border', 'must be the name of a border or a list of its 1, 2, 4 or 8' },
  { "picker = { border = { '+', '-', '|' } }", 'picker.border', 'must be the name of a border or a list of its 1' },
  { 'picker = { limit = 0 }', 'picker.limit', 'must be a whole number from 1 to 1000' },
  { 'picker = { keys = false }', 'picker.keys', 'must be a table' },
  { 'picker = { keys = { open = { 5 } } }', 'picker.keys.open', 'must be a key, a list of keys or false' },
  { 'picker = { keys = { opn = false } }', 'picker.keys.opn', 'is not a setting of the Neovim plugin' },
  { "'x'", '1', 'is not a setting of the Neovim plugin' },
}

return {
  {
    'each wrong setting is named with what it must be, and its default is used',
    with({ enable = false }, function(editor)
      editor:lua('vim.g.semlens = nil')
      local defaults = editor:lua("return require('semlens.config').get()")
      for _, row in ipairs(WRONG) do
        local problems = editor:lua(
          [[
          require('semlens.config').setup(loadstring('return { ' .. ... .. ' }')())
          return require('semlens.config').problems()
        ]],
          row[1]
        )
        equal(#problems, 1)
        assert(vim.startswith(problems[1], ('`%s` %s'):format(row[2], row[3])), problems[1])
        equal(editor:lua("return require('semlens.config').get()"), defaults)
      end
    end),
  },
  {
    'with wrong settings the picker opens, and one message names the first',
    with({
      lua = [[
        vim.g.semlens = vim.tbl_extend('force', vim.g.semlens,
          { root_markers = '.git', server = true, log_level = 'debug', picker = { width = '90%', keys = false } })
      ]],
    }, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      editor:edit('colour.py')
      editor:keys(':SemanticSearch price with tax<CR>')
      editor:first_hit('totalPrice')
      local notes = editor:lua('return vim.tbl_map(function(note) return note.text end, _G.notes)')
      equal(notes, {
        'semlens: `log_level` must be one of vim.log.levels. Its default is used. `:checkhealth semlens` shows 4 more.',
      })
    end),
  },
  {
    'the last hidden preview stays hidden, and no setting changes',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      for _, is_shown in ipairs({ true, false }) do
        editor:keys(':SemanticSearch price with tax<CR>')
        editor:first_hit('totalPrice')
        equal(editor:lua("return require('semlens.picker').current.windows.preview ~= nil"), is_shown)
        if is_shown then
          editor:keys('<M-v>')
        end
        editor:close_picker()
        equal(editor:lua("return require('semlens.config').get().picker.preview"), true)
      end
    end),
  },
}
