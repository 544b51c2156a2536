-- Command-line completion of the filters in a query: lang: kind: path: -path: test: in:
local M = {}

local FILTERS = { 'lang:', 'kind:', 'path:', '-path:', 'test:', 'in:' }
local TEST_VALUES = { 'only', 'exclude', 'include' }
-- Common languages only. The server accepts every name in docs/languages.md.
local LANGUAGES = vim.split(
  'bash c cpp csharp css dart elixir go haskell html java javascript json kotlin lua markdown nix ocaml perl php '
    .. 'python r ruby rust scala sql swift terraform toml typescript yaml zig',
  ' '
)

---@return string[] the common languages and the filetypes of open buffers
local function languages()
  local names = {}
  for _, name in ipairs(LANGUAGES) do
    names[name] = true
  end
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[buffer].buftype == '' and vim.bo[buffer].filetype ~= '' then
      names[vim.bo[buffer].filetype] = true
    end
  end
  return vim.tbl_keys(names)
end

---@param value string the beginning of a path, from the root
---@return string[]
local function paths(value)
  local root = require('semlens.roots').find(0) or vim.uv.cwd() or '.'
  local folder = value:match('^(.*/)') or ''
  local names = {}
  for name, kind in vim.fs.dir(vim.fs.joinpath(root, folder)) do
    if name:sub(1, 1) ~= '.' then
      names[#names + 1] = folder .. name .. (kind == 'directory' and '/' or '')
    end
  end
  return names
end

---@param lead string
---@param command_line string
---@return string[] of `:Semlens`: a sub-command, then the filters of a query
function M.sub_command(lead, command_line)
  local name = command_line:match('Semlens!?%s+(%S+)%s')
  if name then
    local is_query = name == 'search' or name == 'symbols' or name == 'context'
    return is_query and M.query(lead, command_line) or {}
  end
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, require('semlens.commands').sub_commands())
end

---@param lead string the part of the current word before the cursor
---@param command_line string
---@return string[]
function M.query(lead, command_line)
  local minus, name, value = lead:match('^(%-?)(%l+):(.*)$')
  local choices
  if not name then
    choices = vim.list_extend(
      (command_line:match('SemanticCon') or command_line:match('Semlens!?%s+context')) and { 'budget:' } or {},
      FILTERS
    )
    minus, value = nil, lead
  elseif name == 'lang' then
    choices = languages()
  elseif name == 'kind' then
    choices = require('semlens.hits').kinds()
  elseif name == 'test' then
    choices = TEST_VALUES
  elseif name == 'path' then
    choices = paths(value)
  else
    return {}
  end
  local prefix = name and (minus .. name .. ':') or ''
  local matches = vim.tbl_filter(function(choice)
    return vim.startswith(choice, value)
  end, choices)
  table.sort(matches)
  return vim.tbl_map(function(choice)
    return prefix .. choice
  end, matches)
end

return M
