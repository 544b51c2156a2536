-- What explains the plugin: its health report, its help and its highlight groups.
local equal = require('equal')
local with = require('with_editor')

local LAST_NOTE = [[
  local last = _G.notes[#_G.notes]
  return last and last.text
]]

return {
  {
    ':checkhealth reports no error on a good setup, and names a wrong setting',
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
      editor:lua("require('semlens').setup({ cmd = vim.list_extend(vim.deepcopy(vim.g.semlens.cmd), { '--stdio' }) })")
      text = report()
      assert(text:find('grammars', 1, true) and not text:find('ERROR', 1, true), text)
      editor:lua([[
        require('semlens').setup({ pikcer = {}, ui = 'telescope' })
        vim.g.semlens, vim.env.PATH = nil, '/nonexistent'
      ]])
      local wrong = report()
      for _, part in ipairs({
        '`pikcer` is not a setting',
        'telescope, which is not installed',
        'server is not installed',
        ':SemanticInstall',
      }) do
        assert(wrong:find(part, 1, true), wrong)
      end
      equal(editor:lua(LAST_NOTE), vim.NIL)
    end),
  },
  {
    'the help has a tag for every command and map, and names every key and highlight group',
    with({ enable = false }, function(editor)
      local missing = editor:lua([[
        local folder = vim.env.SEMLENS_TEST_CLIENT
        local help = table.concat(vim.fn.readfile(folder .. '/doc/semlens.txt'), '\n')
        local wanted = vim.tbl_keys(require('semlens.highlights').links)
        for name in pairs(vim.api.nvim_get_commands({})) do
          if vim.startswith(name, 'Semantic') then table.insert(wanted, '*:' .. name .. '*') end
        end
        for _, map in ipairs(vim.api.nvim_get_keymap('n')) do
          if vim.startswith(map.lhs, '<Plug>(semlens') then table.insert(wanted, '*' .. map.lhs .. '*') end
        end
        for _, keys in pairs(require('semlens.config').get().picker.keys) do
          vim.list_extend(wanted, type(keys) == 'table' and keys or { keys })
        end
        return vim.tbl_filter(function(text) return not help:find(text, 1, true) end, wanted)
      ]])
      equal(missing, {})
    end),
  },
  {
    "highlights follow the colour scheme, and the user's own groups are kept",
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
