-- Converts hits to what pickers of other plugins need: plain lines, and rows split into highlighted parts.
local hits = require('semlens.hits')
local rows = require('semlens.rows')
local text_of = require('semlens.text')

local M = {}

---@param source semlens.Source
---@param text string
---@param on_hits fun(hits: semlens.Hit[]) gets the final list; empty after an error, which is shown to the user
---@return fun() cancel
function M.request_hits(source, text, on_hits)
  require('semlens.highlights').define()
  if source.live and source.name == 'search' and vim.trim(text) == '' then
    on_hits({})
    return function() end
  end
  return source.request(text, function(err, result, is_partial)
    if is_partial then
      return
    end
    if err then
      require('semlens.messages').say('FAILED', err)
    end
    on_hits(result and result.hits or {})
  end)
end

---One line with all parts of a hit. Pickers match the typed text against it.
---@param hit semlens.Hit
---@return string
function M.line(hit)
  local where = ('%s:%d'):format(hits.path(hit), hits.target(hit).start.line + 1)
  return text_of.printable(('%s  %s%s  %s'):format(hits.kind(hit), hits.mark(hit), hit.name, where))
end

---The row that the built-in picker shows.
---@param hit semlens.Hit
---@param width integer
---@param text string the query
---@return semlens.Row
function M.row(hit, width, text)
  local icons = require('semlens.config').get().picker.icons
  return rows.row(hit, { width = width, icons = icons, query_words = rows.query_words(text) }, false)
end

---@param row semlens.Row
---@return { [1]: string, [2]: string? }[] consecutive parts of the row and their groups
function M.parts(row)
  local parts, last = {}, 0
  for _, span in ipairs(row.spans) do
    if span[1] >= last then -- skips a span that overlaps the previous one
      if span[1] > last then
        parts[#parts + 1] = { row.text:sub(last + 1, span[1]) }
      end
      parts[#parts + 1] = { row.text:sub(span[1] + 1, span[2]), span[3] }
      last = span[2]
    end
  end
  parts[#parts + 1] = last < #row.text and { row.text:sub(last + 1) } or nil
  return parts
end

return M
