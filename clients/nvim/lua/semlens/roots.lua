-- Finds the root folder of a buffer, and decides which buffers are sent to the server.
local config = require('semlens.config')

local M = {}

---True for a buffer of a file, existing or not yet written. Help, terminals, folders and `scheme://` buffers are not.
---@param bufnr integer
---@return boolean
function M.is_file_buffer(bufnr)
  if not vim.api.nvim_buf_is_loaded(bufnr) or vim.bo[bufnr].buftype ~= '' then
    return false
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  return name ~= '' and not name:match('^%a[%w+.-]+://') and vim.fn.isdirectory(name) == 0
end

---@param path string
---@param folder string
---@return boolean
function M.is_inside(path, folder)
  return path == folder or vim.startswith(path, folder:gsub('/$', '') .. '/')
end

---@param folder string
---@return boolean
local function is_too_large(folder)
  local home = vim.fs.normalize(vim.uv.os_homedir() or '/')
  return M.is_inside(home, folder)
end

---@return string? the working directory, if it holds too much to be indexed: the home folder and its parents
function M.too_large_cwd()
  local cwd = vim.fs.normalize(vim.uv.cwd() or '.')
  return is_too_large(cwd) and cwd or nil
end

---The root of a buffer: the nearest folder with the best marker; without one, the working directory, if the file is in
---it. The home folder and its parents are never roots, because they hold too much to index.
---@param bufnr integer
---@return string?
function M.find(bufnr)
  local cwd = vim.fs.normalize(vim.uv.cwd() or '.')
  local name = vim.api.nvim_buf_get_name(bufnr)
  if not M.is_file_buffer(bufnr) and vim.fn.isdirectory(name) == 0 then
    name = vim.fs.joinpath(cwd, 'none')
  end
  for _, marker in ipairs(config.get().root_markers) do
    local root = vim.fs.root(vim.fs.normalize(name), marker)
    if root and not is_too_large(root) then
      return root
    end
  end
  if M.is_inside(vim.fs.normalize(name), cwd) and not is_too_large(cwd) then
    return cwd
  end
end

return M
