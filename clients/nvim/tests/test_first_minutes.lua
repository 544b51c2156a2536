-- What a new user meets: the README's snippet, `:Semlens`, the help, the log, rows that look alike, nothing that fits.
local equal = require('equal')
local with = require('with_editor')

local PICKER = "local p = require('semlens.picker').current "

---Wait until the list has such a text: in its lines, its title or its footer.
local function list_shows(editor, part, text)
  return editor:wait(('%s in the %s of the list'):format(text, part), PICKER .. [[
    local part, text = ...
    if not p then return false end
    local shown = vim.api.nvim_buf_get_lines(p.buffers.list, 0, -1, false)
    if part ~= 'lines' then
      local border = vim.api.nvim_win_get_config(p.windows.list)[part]
      shown = vim.tbl_map(function(chunk) return chunk[1] end, type(border) == 'table' and border or {})
    end
    shown = table.concat(shown, '\n')
    return shown:find(text, 1, true) and shown
  ]], part, text)
end

---Answer every search of the picker with these hits.
local ANSWER = [[
  local answer = ...
  require('semlens.client').request = function(_, _, on_answer)
    on_answer(nil, answer)
    return function() end
  end
]]

local function hit(name, container, line)
  local range = { start = { line = line, character = 0 }, ['end'] = { line = line + 1, character = 0 } }
  return {
    name = name,
    kind = 6,
    containerName = container,
    location = { uri = 'file:///w/src/net/connection.py', range = range },
    path = 'src/net/connection.py',
    signature = 'def __init__(self)',
  }
end

return {
  {
    ':help semlens works after the snippet of the README',
    function()
      local client = vim.uv.os_getenv('SEMLENS_TEST_CLIENT')
      local page = table.concat(vim.fn.readfile(client .. '/README.md'), '\n')
      local by_hand = assert(page:match("(vim%.opt%.runtimepath:append%('~/src/semlens/clients/nvim'%))"))
      local snippet = by_hand:gsub('~/src/semlens/clients/nvim', client)
        .. '\n'
        .. assert(page:match('(vim%.lsp%.enable.-)\n```'))
      local init = vim.fn.tempname() .. '.lua'
      vim.fn.writefile(vim.split(snippet .. "\nvim.cmd('help semlens')\nprint(vim.fn.expand('%:t'))", '\n'), init)
      local nvim = vim.uv.os_getenv('SEMLENS_TEST_NVIM')
      local answer = vim.system({ nvim, '--headless', '-i', 'NONE', '-u', init, '-c', 'qall!' }, { text = true }):wait()
      equal(vim.trim(answer.stderr), 'semlens.txt')
      local tags = table.concat(vim.fn.readfile(client .. '/doc/tags'), '\n')
      local folder = vim.fn.tempname()
      vim.fn.mkdir(folder, 'p')
      vim.uv.fs_copyfile(client .. '/doc/semlens.txt', folder .. '/semlens.txt')
      vim.cmd.helptags(folder)
      equal(tags, table.concat(vim.fn.readfile(folder .. '/tags'), '\n'))
    end,
  },
  {
    ':Semlens has sub-commands with completion',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      local function complete(line)
        return editor:lua("return vim.fn.getcompletion(..., 'cmdline')", line)
      end
      equal(complete('Semlens s'), { 'search', 'similar', 'status', 'symbols' })
      equal(complete('Semlens search lang:py'), { 'lang:python' })
      equal(complete('Semlens status '), {})
      editor:keys(':Semlens search hex string to red green blue<CR>')
      editor:first_hit('parse_colour')
      editor:close_picker()
      editor:keys(':Semlens!<CR>')
      editor:first_hit('parse_colour')
      editor:close_picker()
      editor:keys(':Semlens colour<CR>')
      editor:wait_for_message('Did you mean `:Semlens search colour`?')
    end),
  },
  {
    'a row whose container is the file does not name it twice',
    with({ enable = false }, function(editor)
      local top = vim.tbl_extend('force', hit('log', 'net/retry.py', 3), { path = 'net/retry.py' })
      local shown = editor:lua(
        [[
        local options = { width = 60, icons = false, query_words = {}, ambiguous = require('semlens.rows').ambiguous({ ..., ... }) }
        return require('semlens.rows').row(..., options).text
      ]],
        top
      )
      assert(shown:match('meth%s+log'), shown)
    end),
  },
  {
    'rows of one name and file keep the container and the line',
    with({ enable = false }, function(editor)
      local hits = { hit('__init__', 'net.Pool', 3), hit('__init__', 'net.Client', 40), hit('close', 'net.Pool', 80) }
      local shown = editor:lua(
        [[
        local hits, width = ...
        local rows = require('semlens.rows')
        return vim.tbl_map(function(one)
          return rows.row(one, { width = width, icons = false, query_words = {}, ambiguous = rows.ambiguous(hits) }).text
        end, hits)
      ]],
        hits,
        34
      )
      equal({ shown[1]:match('Pool%.__init__'), shown[2]:match('Client%.__init__') }, {
        'Pool.__init__',
        'Client.__init__',
      })
      equal({ shown[1]:match(':%d+$'), shown[2]:match(':%d+$') }, { ':4', ':41' })
      for _, row in ipairs(shown) do
        assert(vim.api.nvim_strwidth(row) <= 34, row)
      end
    end),
  },
  {
    'hits that do not seem to fit are dimmed, and the count says that there may be more',
    with({
      enable = false,
      lua = "vim.g.semlens = { picker = { limit = 2 } } require('semlens.install').ensure = function(f) f() end ",
    }, function(editor)
      local hits = { hit('one', 'a.b', 1), hit('two', 'a.b', 9) }
      editor:lua(ANSWER, { hits = hits, generation = 1, complete = true, confidence = 0.1, nothingFits = true })
      editor:keys(':Semlens search anything<CR>')
      list_shows(editor, 'footer', 'Nothing here seems to fit')
      list_shows(editor, 'title', ' 1/2+ ')
      local groups = editor:lua(PICKER .. [[
        local marks = vim.api.nvim_buf_get_extmarks(p.buffers.list, -1, 0, -1, { details = true, type = 'highlight' })
        return vim.tbl_map(function(mark) return mark[4].hl_group end, marks)
      ]])
      equal(groups, { 'SemlensHint', 'SemlensHint' })
      editor:close_picker()
      editor:lua(ANSWER, { hits = hits, generation = 1, complete = true })
      editor:keys(':Semlens search anything<CR>')
      list_shows(editor, 'footer', 'open')
      editor:lua(ANSWER, { hits = {}, generation = 1, complete = true })
      editor:keys(' else')
      list_shows(editor, 'lines', 'Nothing found.')
      editor:wait('an empty selection', PICKER .. 'return p.index == 0')
    end),
  },
  {
    'a working folder that holds too much is named',
    with({ enable = false, lua = "vim.cmd.cd('/')" }, function(editor)
      editor:keys(':Semlens<CR>')
      editor:wait('the picker', PICKER .. 'return p ~= nil')
      editor:keys('anything')
      list_shows(editor, 'lines', '/ holds too much to be indexed')
    end),
  },
  {
    'a question goes to live grep, and back',
    with({
      lua = "vim.opt.runtimepath:append(vim.env.SEMLENS_TEST_PLUGINS .. '/mini.nvim') require('mini.pick').setup()",
    }, function(editor)
      editor:edit('net/retry.py')
      editor:ready()
      editor:keys(':Semlens search wait and try lang:python<CR>')
      editor:hits()
      editor:keys('<C-g>')
      local query =
        "local pick = require('mini.pick') return pick.is_picker_active() and table.concat(pick.get_picker_query())"
      editor:wait('the grep', ("return (function() %s end)() == 'wait and try'"):format(query))
      editor:keys('<C-g>')
      editor:wait('the picker', PICKER .. "return p and p.text == 'wait and try'")
    end),
  },
  {
    'without words and without a plugin, nothing is grepped',
    with({}, function(editor)
      editor:edit('net/retry.py')
      editor:keys(':Semlens<CR>')
      editor:wait('the picker', PICKER .. 'return p ~= nil')
      editor:keys('lang:python <C-g>')
      editor:wait_for_message('There are no words to grep for.')
      equal(editor:lua('return #vim.fn.getqflist()'), 0)
    end),
  },
  {
    'messages have a code and a level, and the log has them above `log_level`',
    with({ enable = false, lua = 'vim.g.semlens = { log_level = vim.log.levels.WARN }' }, function(editor)
      local log = editor:lua([[
        local messages = require('semlens.messages')
        for code, message in pairs(messages.all) do
          assert(code:match('^[A-Z_]+$') and type(message.level) == 'number' and #message.text > 0, code)
        end
        messages.say('NO_EARLIER_SEARCH')
        local path = require('semlens.log').path()
        local n_before = #vim.fn.readfile(path)
        messages.say('INSTALLED')
        messages.say('NO_EARLIER_SEARCH')
        return vim.list_slice(vim.fn.readfile(path), n_before + 1)
      ]])
      equal(#log, 1)
      assert(log[1]:match('^%d+%-%d+%-%d+ %d+:%d+:%d+ WARN  semlens: There is no earlier search'), log[1])
      editor:keys(':Semlens! log<CR>')
      editor:wait('the log', "return vim.fs.basename(vim.api.nvim_buf_get_name(0)) == 'semlens.log'")
    end),
  },
}
