-- The questions asked before. They live in a global that 'shada' keeps where the user's '!' flag allows it.
local M = {}

local MAX = 100

---@return string[] the newest first
function M.all()
  local kept = vim.g.SEMLENS_HISTORY
  return type(kept) == 'table' and vim.tbl_filter(function(item)
    return type(item) == 'string'
  end, kept) or {}
end

---@param text string
function M.add(text)
  text = vim.trim(text)
  if text == '' then
    return
  end
  local kept = vim.tbl_filter(function(item)
    return item ~= text
  end, M.all())
  table.insert(kept, 1, text)
  vim.g.SEMLENS_HISTORY = vim.list_slice(kept, 1, MAX)
end

return M
