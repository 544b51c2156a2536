-- Shows hits in the picker of snacks.nvim.
local entry = require('semlens.ui.entry')
local hits = require('semlens.hits')

local M = {}

---@param hit semlens.Hit
---@return table item of snacks
local function to_item(hit)
  local place = hits.to_quickfix(hit)
  return {
    text = entry.line(hit),
    file = place.filename,
    pos = { place.lnum, place.col - 1 },
    line = place.text,
    hit = hit,
  }
end

---@param source semlens.Source
---@param text? string
function M.open(source, text)
  ---@param context { async: table, filter: { search: string } }
  local function find(_, context)
    return function(add)
      local async, items, cancel = context.async, nil, nil
      -- Neovim's API may not be called in this coroutine, so it is scheduled.
      vim.schedule(function()
        cancel = entry.request_hits(source, context.filter.search or '', function(new_hits)
          items = vim.tbl_map(to_item, new_hits)
          async:resume()
        end)
      end)
      async:on('done', function()
        if cancel then
          vim.schedule(cancel)
        end
      end)
      while not items do
        async:suspend()
      end
      for _, item in ipairs(items) do
        add(item)
      end
    end
  end
  require('snacks').picker.pick({
    source = 'semlens',
    title = source.title,
    live = source.live,
    supports_live = source.live,
    search = source.live and text or nil,
    show_empty = true,
    finder = find,
    format = function(item, picker)
      local width = vim.api.nvim_win_get_width(picker.list.win.win) - 2
      return entry.parts(entry.row(item.hit, width, picker.input.filter.search or ''))
    end,
    matcher = { sort_empty = false },
    sort = { fields = { 'idx' } },
  })
end

return M
