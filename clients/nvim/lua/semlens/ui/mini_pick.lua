-- Shows hits in mini.pick.
local entry = require('semlens.ui.entry')
local hits = require('semlens.hits')

local M = {}

local namespace = vim.api.nvim_create_namespace('semlens.mini')

---@param hit semlens.Hit
---@return table item of mini.pick
local function to_item(hit)
  local place = hits.to_quickfix(hit)
  return { text = entry.line(hit), path = place.filename, lnum = place.lnum, col = place.col, hit = hit }
end

---@param buffer integer
---@param items table[]
---@param query string[] characters
local function show(buffer, items, query)
  local window = vim.fn.bufwinid(buffer)
  local width = window > 0 and vim.api.nvim_win_get_width(window) or 80
  local shown = vim.tbl_map(function(item)
    return entry.row(item.hit, width, table.concat(query))
  end, items)
  vim.api.nvim_buf_set_lines(
    buffer,
    0,
    -1,
    false,
    vim.tbl_map(function(row)
      return row.text
    end, shown)
  )
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for number, row in ipairs(shown) do
    for _, span in ipairs(row.spans) do
      vim.api.nvim_buf_set_extmark(buffer, namespace, number - 1, span[1], { end_col = span[2], hl_group = span[3] })
    end
  end
end

---@param source semlens.Source
---@param text? string
function M.open(source, text)
  local pick = require('mini.pick')
  local cancel, shown_tick = function() end, nil
  local function set_items(query)
    cancel()
    local tick = pick.get_querytick()
    shown_tick = tick
    cancel = entry.request_hits(source, query, function(new_hits)
      pick.set_picker_items(vim.tbl_map(to_item, new_hits), { do_match = not source.live, querytick = tick })
    end)
  end
  ---Typing sends a new query to the server.
  local function match_live(_, _, query)
    if pick.get_querytick() ~= shown_tick then -- setting items calls this again
      set_items(table.concat(query))
    end
  end
  ---Typing filters the list.
  local function match_fixed(_, indices, query)
    local items = pick.get_picker_items() or {}
    local filter_text = table.concat(query)
    return vim.tbl_filter(function(index)
      return #hits.matching({ items[index].hit }, filter_text) > 0
    end, indices)
  end
  local group = vim.api.nvim_create_augroup('semlens.mini', {})
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = 'MiniPickStart',
    once = true,
    callback = function()
      if not source.live then
        set_items('')
      elseif text and text ~= '' then
        pick.set_picker_query(vim.fn.split(text, '\\zs'))
      end
    end,
  })
  pick.start({ -- returns when the picker is closed
    source = {
      name = source.title,
      items = {},
      match = source.live and match_live or match_fixed,
      show = show,
    },
  })
  cancel()
end

return M
