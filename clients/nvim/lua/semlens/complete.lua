-- Completion of the filters that a question may hold: lang: kind: path: -path: test: in:
local M = {}

local FILTERS = { 'lang:', 'kind:', 'path:', '-path:', 'test:', 'in:' }
local TESTS = { 'only', 'exclude', 'include' }

---@return string[]
local function languages()
  local found = {}
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[buffer].buftype == '' and vim.bo[buffer].filetype ~= '' then
      found[vim.bo[buffer].filetype] = true
    end
  end
  for _, name in ipairs({
    'bash',
    'c',
    'cpp',
    'csharp',
    'go',
    'java',
    'javascript',
    'kotlin',
    'lua',
    'markdown',
    'php',
    'python',
    'ruby',
    'rust',
    'scala',
    'sql',
    'swift',
    'typescript',
  }) do -- stylua: ignore
    found[name] = true
  end
  return vim.tbl_keys(found)
end

---@param lead string what is typed of the word under the cursor
---@return string[]
function M.query(lead)
  local minus, name, value = lead:match('^(%-?)(%l+):(.*)$')
  local choices
  if not name then
    choices = vim.list_extend({ 'budget:' }, FILTERS)
    minus, value = nil, lead
  elseif name == 'lang' then
    choices = languages()
  elseif name == 'kind' then
    choices = require('semlens.hits').kinds()
  elseif name == 'test' then
    choices = TESTS
  elseif name == 'path' then
    choices = vim.fn.getcompletion(value, 'file')
  else
    return {}
  end
  local prefix = name and (minus .. name .. ':') or ''
  local fitting = vim.tbl_filter(function(choice)
    return vim.startswith(choice, value)
  end, choices)
  table.sort(fitting)
  return vim.tbl_map(function(choice)
    return prefix .. choice
  end, fitting)
end

return M
