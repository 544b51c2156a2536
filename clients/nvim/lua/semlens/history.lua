-- Earlier queries, in a global variable. Neovim saves it between sessions if 'shada' has the ! flag.
local M = {}

local MAX_QUERIES = 100

---@return string[] newest first
function M.all()
  local saved = vim.g.SEMLENS_HISTORY
  return type(saved) == 'table' and vim.tbl_filter(function(item)
    return type(item) == 'string'
  end, saved) or {}
end

---@param text string
function M.add(text)
  text = vim.trim(text)
  if text == '' then
    return
  end
  local saved = vim.tbl_filter(function(item)
    return item ~= text
  end, M.all())
  table.insert(saved, 1, text)
  vim.g.SEMLENS_HISTORY = vim.list_slice(saved, 1, MAX_QUERIES)
end

return M
