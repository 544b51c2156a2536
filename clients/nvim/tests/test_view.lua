-- What the picker shows: borders, the text of an empty list and the preview. Also the mouse.
local equal = require('equal')
local with = require('with_editor')

local PICKER = "local p = require('semlens.picker').current\n"

local function open_picker(editor, question)
  editor:edit('net/retry.py')
  editor:ready()
  editor:keys(':SemanticSearch ' .. question .. '<CR>')
  if question ~= '' then
    editor:hits()
  else
    editor:wait('the picker', PICKER .. 'return p ~= nil')
  end
end

---Wait until a window's border or text contains the text.
---@param part 'title'|'footer'|'lines'
local function shows(editor, window, part, text)
  return editor:wait(('%s in the %s of the %s'):format(text, part, window), PICKER .. [[
    local window, part, text = ...
    window = p and p.windows[window]
    if not window then return false end
    local shown
    if part == 'lines' then
      shown = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    else
      local border = vim.api.nvim_win_get_config(window)[part]
      shown = vim.iter(type(border) == 'table' and border or {}):map(function(chunk) return chunk[1] end):join('')
    end
    return shown:find(text, 1, true) and shown
  ]], window, part, text)
end

return {
  {
    'an empty prompt shows examples, an empty list the reason',
    with({}, function(editor)
      open_picker(editor, '')
      shows(editor, 'list', 'lines', 'Describe what the code does, or type its name')
      shows(editor, 'list', 'lines', '15 symbols of 5 files')
      editor:keys('colour kind:banana')
      shows(editor, 'list', 'footer', 'There is no kind "banana"')
      editor:keys(' lang:cobol')
      local text = shows(editor, 'list', 'lines', 'Nothing found.')
      assert(text:find('There is no kind "banana"', 1, true), text)
      assert(text:find('The query is limited by lang:cobol', 1, true), text)
      editor:keys(('<C-w>'):rep(12))
      shows(editor, 'list', 'lines', 'Describe what the code does')
    end),
  },
  {
    'the border shows the number of hits and marks, and the progress of the index',
    with({}, function(editor)
      open_picker(editor, 'colour')
      local n_hits = editor:lua(PICKER .. 'return #p.hits')
      shows(editor, 'list', 'title', (' 1/%d '):format(n_hits))
      editor:keys('<Tab><Tab>')
      shows(editor, 'list', 'title', ('3/%d · 2 marked'):format(n_hits))
      editor:keys('<S-Tab>')
      shows(editor, 'list', 'title', ('2/%d · 3 marked'):format(n_hits))
      local on_border, in_line = unpack(editor:lua(PICKER .. [[ -- in one step, before the server tells its own status
        local status = vim.deepcopy(require('semlens').status())
        status.complete, status.state = false, 'indexing'
        status.roots[1].files, status.roots[1].pending = 30, 70
        require('semlens.client').status = status
        vim.api.nvim_exec_autocmds('User', { pattern = 'SemlensStatus', data = status })
        local title = vim.api.nvim_win_get_config(p.windows.list).title
        local shown = vim.iter(title):map(function(chunk) return chunk[1] end):join('')
        return { shown, require('semlens').statusline() }
      ]]))
      assert(on_border:find('indexing 30%', 1, true), on_border)
      equal(in_line, 'semlens indexing 30%')
    end),
  },
  {
    'the help window closes with the next action, and <Esc> twice closes the picker',
    with({}, function(editor)
      open_picker(editor, 'colour')
      local function is_help_open()
        return editor:lua(PICKER .. 'return p.help ~= nil')
      end
      editor:keys('<F1>')
      editor:wait('the keys', PICKER .. 'return p.help ~= nil')
      editor:keys('<Down>')
      editor:wait('the second line', PICKER .. 'return p and p.index == 2')
      equal(is_help_open(), false)
      editor:keys('<F1>')
      editor:wait('the keys', PICKER .. 'return p.help ~= nil')
      editor:keys('<F1>')
      editor:wait('no keys', PICKER .. 'return p.help == nil')
      editor:keys('<Esc>j')
      editor:wait('the third line', PICKER .. 'return p.index == 3')
      editor:keys('<Esc>')
      editor:wait('its end', PICKER .. 'return p == nil')
      equal(editor:lua('return #vim.api.nvim_list_wins()'), 1)
    end),
  },
  {
    'the mouse selects, scrolls and opens; a click outside closes',
    with({}, function(editor)
      open_picker(editor, 'colour')
      local function mouse(button, action, window, row)
        editor:lua(
          [[
          local button, action, window, row = ...
          local box = { row = 0, col = 0 }
          if window ~= '' then
            box = vim.api.nvim_win_get_config(require('semlens.picker').current.windows[window])
          end
          vim.api.nvim_input_mouse(button, action, '', 0, box.row + row, box.col + 3)
        ]],
          button,
          action,
          window,
          row
        )
      end
      mouse('left', 'press', 'list', 3)
      editor:wait('the third line', PICKER .. 'return p.index == 3')
      mouse('wheel', 'down', 'list', 1)
      editor:wait('the fourth line', PICKER .. 'return p.index == 4')
      mouse('left', 'press', '', 0)
      editor:wait('its end', PICKER .. 'return p == nil')
      editor:lua('vim.o.mousetime = 600000') -- two clicks count as a double click on a slow machine too
      editor:keys(':SemanticSearch price with tax<CR>')
      editor:first_hit('totalPrice')
      mouse('left', 'press', 'list', 1)
      mouse('left', 'release', 'list', 1)
      mouse('left', 'press', 'list', 1)
      editor:wait('the jump', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'cart.ts'")
    end),
  },
  {
    'the preview scrolls by keys',
    with({ lines = 20 }, function(editor)
      open_picker(editor, 'fetch_with_retry')
      shows(editor, 'preview', 'lines', 'def fetch_with_retry')
      local top = PICKER .. 'return vim.fn.line("w0", p.windows.preview)'
      local before = editor:lua(top)
      editor:keys('<C-d>')
      editor:wait('a lower part', PICKER .. 'return vim.fn.line("w0", p.windows.preview) > ...', before)
      editor:keys('<C-u><C-u>')
      editor:wait('the top', PICKER .. 'return vim.fn.line("w0", p.windows.preview) == 1')
      equal(editor:lua(PICKER .. 'return p.text'), 'fetch_with_retry')
    end),
  },
  {
    'no command puts another buffer into the prompt',
    with({}, function(editor)
      editor:edit('colour.py')
      open_picker(editor, 'fetch_with_retry')
      for _, command in ipairs({ 'bnext', 'enew', 'edit colour.py', 'buffer colour.py', 'terminal' }) do
        local is_run, problem = pcall(editor.cmd, editor, command)
        assert(not is_run and problem:find('E1513', 1, true), command .. ': ' .. tostring(problem))
      end
      editor:keys('<Esc><C-^><C-o>i x')
      editor:wait('the typed text', PICKER .. "return p and p.text == 'fetch_with_retr xy'")
      editor:close_picker()
      editor:lua("vim.v.errmsg = '' vim.cmd('messages clear')")
    end),
  },
  {
    'the syntax of a preview is not read from the start of the file',
    with({ lua = "vim.cmd('syntax on') vim.treesitter.language.add = function() end" }, function(editor)
      open_picker(editor, 'fetch_with_retry')
      shows(editor, 'preview', 'lines', 'def fetch_with_retry')
      local sync = editor:lua(PICKER .. [[
        return vim.api.nvim_win_call(p.windows.preview, function() return vim.fn.execute('syntax sync') end)
      ]])
      assert(sync:find('maximal 300 lines', 1, true), sync)
    end),
  },
  {
    'the preview shows wide characters, tabs and very long lines',
    with({}, function(editor)
      editor:lua([[
        local root = vim.fn.tempname()
        vim.fn.mkdir(root .. '/.git', 'p')
        local lines = {
          'package wide', '', '// 幅の広い文字を数える counts wide letters', 'func CountWide(text string) int {',
          '	return 0', '}', '', 'var long = "' .. ('é'):rep(1500) .. '"', '',
        }
        for number = 1, 400 do -- without them the file counts as minified
          table.insert(lines, ('// an ordinary line, number %d'):format(number))
        end
        vim.fn.writefile(lines, root .. '/wide.go')
        vim.fn.writefile({ 'package wide' }, root .. '/other.go')
        vim.cmd.edit(root .. '/other.go')
        vim.go.tabstop = 3
      ]])
      editor:ready()
      editor:keys(':SemanticSearch CountWide<CR>')
      editor:first_hit('CountWide')
      shows(editor, 'preview', 'lines', '幅の広い文字を数える')
      local seen = editor:lua(PICKER .. [[
        local buffer = vim.api.nvim_win_get_buf(p.windows.preview)
        local line = vim.api.nvim_buf_get_lines(buffer, 7, 8, false)[1]
        local rest = line:gsub('é', '')
        return { #line > 1990 and #line <= 2000, rest, vim.bo[buffer].tabstop }
      ]])
      equal(seen, { true, 'var long = "', 3 })
    end),
  },
  {
    'opening a deleted file shows a message, and the picker stays open',
    with({}, function(editor)
      editor:lua([[
        local root = vim.fn.tempname()
        vim.fn.mkdir(root .. '/.git', 'p')
        vim.fn.writefile({ 'def knead_dough(flour):', '    return flour' }, root .. '/bread.py')
        vim.fn.writefile({ 'x = 1' }, root .. '/other.py')
        vim.cmd.edit(root .. '/other.py')
        _G.bread = root .. '/bread.py'
      ]])
      editor:ready()
      editor:keys(':SemanticSearch knead_dough<CR>')
      editor:first_hit('knead_dough')
      editor:lua([[
        local p = require('semlens.picker').current
        p.has_moved = true -- keeps the list when the index changes
        os.remove(_G.bread)
      ]])
      editor:keys('<CR>')
      shows(editor, 'list', 'footer', 'bread.py no longer exists')
      equal(editor:lua('return vim.api.nvim_get_mode().mode'), 'i')
    end),
  },
  {
    'a hit in a file that is shorter by now opens at its last line',
    with({}, function(editor)
      open_picker(editor, 'fetch_with_retry')
      editor:lua([[
        local path = vim.fs.joinpath(vim.fn.getcwd(), 'shorter.py')
        vim.fn.writefile({ 'x = 1', 'y = 2' }, path)
        require('semlens.picker').current.hits[1].location.uri = vim.uri_from_fname(path)
      ]])
      editor:keys('<CR>')
      editor:wait('the file', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'shorter.py'")
      equal(editor:place(), { 'shorter.py', 2, 5 })
      equal(editor:lua('return #_G.notes'), 0)
      editor:lua('vim.fn.delete(vim.api.nvim_buf_get_name(0))')
    end),
  },
  {
    'the report and the keys fit a tiny screen',
    with({ columns = 20, lines = 6 }, function(editor)
      open_picker(editor, 'fetch_with_retry')
      editor:keys('<F1>')
      editor:wait('the keys', PICKER .. 'return p.help ~= nil')
      editor:close_picker()
      editor:keys(':SemanticStatus<CR>')
      editor:wait('the report', "return vim.bo.filetype == 'semlens-status'")
    end),
  },
  {
    "it opens without a border, and from a window with 'winfixbuf'",
    with({}, function(editor)
      editor:lua("vim.o.winborder = 'none'")
      open_picker(editor, 'colour')
      editor:keys('<C-c>')
      editor:wait('its end', PICKER .. 'return p == nil')
      editor:lua("vim.o.winborder = 'double' vim.wo.winfixbuf = true")
      editor:keys(':SemanticSearch price with tax<CR>')
      editor:first_hit('totalPrice')
      equal(editor:lua(PICKER .. 'return vim.api.nvim_win_get_config(p.windows.list).border[1]'), '╔')
      editor:keys('<CR>')
      editor:wait('the jump', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'cart.ts'")
      equal(editor:lua('return #vim.api.nvim_list_wins()'), 2)
    end),
  },
  {
    'a request is repeated after the server was killed and restarted',
    with({}, function(editor)
      open_picker(editor, 'colour')
      -- Requests to this server are dropped; the restarted one gets them.
      editor:lua([[
        require('semlens.client').get().request = function() return true, 0 end
      ]])
      editor:keys('<C-w>price with tax')
      editor:wait('the question', PICKER .. "return p and p.is_loading and p.text == 'price with tax'")
      shows(editor, 'list', 'title', 'searching')
      editor:lua([[
        local pid = vim.system({ 'pgrep', '-P', tostring(vim.fn.getpid()), '-f', 'semlens serve' }):wait().stdout
        assert(vim.uv.kill(tonumber(vim.trim(pid)), 'sigkill') == 0)
      ]])
      editor:first_hit('totalPrice')
      equal(editor:lua('return #_G.notes'), 1)
    end),
  },
}
