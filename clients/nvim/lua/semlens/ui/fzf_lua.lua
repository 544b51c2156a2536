-- Shows hits in fzf-lua. Lines are `path:line:column: text`, which its previewer and file actions understand.
local entry = require('semlens.ui.entry')
local hits = require('semlens.hits')
local text_of = require('semlens.text')

local M = {}

---@param hit semlens.Hit
---@return string
local function to_line(hit)
  local item = hits.to_quickfix(hit)
  local path = vim.fn.fnamemodify(item.filename, ':.')
  local name = ('%s%s %s'):format(hits.mark(hit), hits.kind(hit), hit.name)
  return text_of.printable(('%s:%d:%d: %s'):format(path, item.lnum, item.col, name))
end

---@param source semlens.Source
---@param text? string
function M.open(source, text)
  local fzf = require('fzf-lua')
  local cancel = function() end
  ---@param query string
  local function contents(query)
    return function(add)
      cancel()
      cancel = entry.request_hits(source, query, function(new_hits)
        for _, hit in ipairs(new_hits) do
          add(to_line(hit))
        end
        add(nil)
      end)
    end
  end
  local options = {
    query = text,
    previewer = 'builtin',
    actions = fzf.defaults.actions.files,
    -- Keeps the server's order.
    fzf_opts = { ['--no-sort'] = true, ['--multi'] = true },
    winopts = { title = (' %s '):format(source.title) },
    exec_empty_query = true,
  }
  if source.live then
    fzf.fzf_live(function(arguments)
      return contents(arguments[1] or '')
    end, options)
  else
    fzf.fzf_exec(contents(''), options)
  end
end

return M
