-- Shows hits in telescope.nvim. lua/telescope/_extensions/semlens.lua defines `:Telescope semlens`.
local entry = require('semlens.ui.entry')
local hits = require('semlens.hits')

local M = {}

---@param hit semlens.Hit
---@return table entry of telescope
local function to_entry(hit)
  local item = hits.to_quickfix(hit)
  return {
    value = hit,
    ordinal = entry.line(hit),
    display = function(_, picker)
      local prompt = picker:_get_prompt()
      local row = entry.row(hit, vim.api.nvim_win_get_width(picker.results_win) - #picker.selection_caret, prompt)
      local spans = vim.tbl_map(function(span)
        return { { span[1], span[2] }, span[3] }
      end, row.spans)
      return row.text, spans
    end,
    filename = item.filename,
    lnum = item.lnum,
    col = item.col,
    text = item.text,
  }
end

---Telescope sorts the results of a finder. Equal scores keep the server's order.
---@param source semlens.Source
---@return table
local function sorter(source)
  return require('telescope.sorters').new({
    scoring_function = function(_, prompt, _, candidate)
      if source.live or #hits.matching({ candidate.value }, prompt) > 0 then
        return 1
      end
      return -1 -- filtered out
    end,
  })
end

---@param source semlens.Source
---@param text? string
---@param options? table of a telescope picker
function M.open(source, text, options)
  options = options or {}
  local channel = require('plenary.async.control').channel
  local finders = require('telescope.finders')
  local settings = require('telescope.config').values
  local results
  require('telescope.pickers')
    .new(options, {
      prompt_title = source.title,
      default_text = text,
      finder = finders.new_dynamic({
        entry_maker = to_entry,
        fn = function(prompt)
          if not results or source.live then
            local tell, wait = channel.oneshot()
            entry.request_hits(source, prompt, tell)
            results = wait()
          end
          return results
        end,
      }),
      previewer = settings.qflist_previewer(options),
      sorter = sorter(source),
    })
    :find()
end

return M
