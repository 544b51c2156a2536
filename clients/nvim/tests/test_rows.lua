-- A row of the picker: what it shows of a hit, and what it leaves out where it is narrow.
local equal = require('equal')
local with = require('with_editor')

---The rows that `semlens.rows` makes of these hits.
local function rows(editor, width, hits)
  return editor:lua(
    [[
    local width, hits = ...
    return vim.tbl_map(function(hit)
      local range = { start = { line = 6, character = 0 }, ['end'] = { line = 7, character = 0 } }
      hit.kind = hit.kind or 12
      hit.location = { uri = 'file:///w/' .. hit.path, range = range }
      return require('semlens.rows').row(hit, { width = width, icons = false, query_words = { 'retry' } }, hit.marked).text
    end, hits)
  ]],
    width,
    hits
  )
end

return {
  {
    'a row holds kind, name, parameters and place, and drops the least important part first',
    with({ enable = false }, function(editor)
      local hit = {
        name = 'fetch_with_retry',
        signature = 'def fetch_with_retry(url, attempts=3)',
        path = 'src/net/retry.py',
      }
      equal(rows(editor, 70, { hit }), {
        ' fn     fetch_with_retry(url, attempts=3)           src/net/retry.py:7',
      })
      equal(rows(editor, 54, { hit }), { ' fn     fetch_with_retry(url, att…  src/net/retry.py:7' })
      equal(rows(editor, 46, { hit }), { ' fn     fetch_with_retry    src/net/retry.py:7' })
      equal(rows(editor, 40, { hit }), { ' fn     fetch_with_retry …net/retry.py:7' })
      equal(rows(editor, 24, { hit }), { ' fn     fetch_wit… ' })
      local member = { name = 'acquire', kind = 6, containerName = 'Pool', path = 'src/net/connection.py' }
      equal(rows(editor, 41, { member }), { ' meth   Pool.acquire …net/connection.py:7' })
      equal(rows(editor, 30, { member }), { ' meth   acquire …nnection.py:7' })
      equal(
        rows(editor, 60, {
          { name = 'acquire', kind = 6, containerName = 'Pool', path = 'pool.py', dirty = true, marked = true },
          { name = '取得する関数', path = 'ソース/接続.py' },
          { name = 'retry', path = 'net.py', team = 'example.org/app' },
          { name = '', kind = 1, path = 'a/b/empty.txt' },
          { name = 'two\nlines', path = 'x' },
        }),
        {
          '▌meth   Pool.acquire                           [+] pool.py:7',
          ' fn     取得する関数                        ソース/接続.py:7',
          ' fn     retry                [team] example.org/app/net.py:7',
          ' file   empty.txt                            a/b/empty.txt:7',
          ' fn     two lines                                        x:7',
        }
      )
    end),
  },
  {
    'the parameters follow the name, not a receiver or a keyword that contains it',
    with({ enable = false }, function(editor)
      for name, signature in pairs({
        Error = 'func (e Error) Error() string',
        text = 'func (context *Context) text() string',
        close = 'void close::close() string',
        ['=?'] = '=?() string',
        d = 'def d() string',
      }) do
        local row = rows(editor, 60, { { name = name, signature = signature, path = 'x' } })[1]
        equal(vim.trim(row):gsub('%s+', ' '), ('fn %s() string x:7'):format(name))
      end
    end),
  },
  {
    'control and invisible characters are escaped in rows, lines of other pickers, the quickfix list and the report',
    with({ enable = false }, function(editor)
      local evil = '\27[2J\194\155\226\128\174\243\160\129\129\nx'
      local shown = '\\x1b[2J\\x9b\\u202e\\ue0041 x'
      local texts = editor:lua(
        [[
        local evil = ...
        local range = { start = { line = 6, character = 0 }, ['end'] = { line = 7, character = 0 } }
        local location = { uri = vim.uri_from_fname('/w/' .. evil), range = range }
        local hit = { name = evil, path = evil, signature = evil, kind = 12, location = location }
        local status = {
          state = 'ready', complete = true, generation = 1, rssBytes = 1, indexBytes = 1, tiers = {},
          roots = { { uri = location.uri, files = 1, symbols = 1, pending = 0, skipped = {}, watching = 'none' } },
          problems = { { path = evil, message = evil } },
        }
        local lines = vim.tbl_map(function(line) return line[1] end, require('semlens.status').lines(status))
        local on_border = require('semlens.highlights').on_border(evil, 'Title')
        return {
          require('semlens.rows').row(hit, { width = 200, icons = false, query_words = {} }, false).text,
          require('semlens.ui.entry').line(hit),
          require('semlens.hits').to_quickfix(hit).text,
          on_border[1][1],
          table.concat(lines, ' '),
        }
      ]],
        evil
      )
      for _, text in ipairs(texts) do
        assert(text:find(shown, 1, true), text)
        assert(not text:find('[%c\194\226\243]'), text)
      end
    end),
  },
  {
    'no row is wider than its window',
    with({ enable = false }, function(editor)
      local long = ('verylong'):rep(40)
      for width = 20, 120, 10 do
        local shown = rows(editor, width, {
          { name = long, path = long, signature = long .. '(x)' },
          { name = ('日本'):rep(30), path = ('目录/'):rep(20) .. 'ä\tb.py', dirty = true },
          { name = 'a', path = 'b', kind = 26 },
        })
        for _, row in ipairs(shown) do
          assert(vim.api.nvim_strwidth(row) <= width, ('%d > %d: %s'):format(vim.api.nvim_strwidth(row), width, row))
        end
      end
    end),
  },
}
