-- The plugin's settings: the defaults, overridden by `vim.g.semlens`, overridden by the options of `setup`.
-- The server's settings are passed on in `settings`; this module does not read them.
local M = {}

---@type semlens.Config
local defaults = {
  cmd = nil,
  env = nil,
  package = nil,
  log_level = vim.log.levels.INFO,
  project_venv = false,
  settings = {},
  server = { shared = false },
  root_markers = {
    '.semlens.toml',
    { '.git', '.hg', '.jj', '.svn' },
    { 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod', 'pom.xml', 'build.gradle', 'CMakeLists.txt' },
  },
  ui = 'builtin',
  context_budget = 4000,
  picker = {
    width = 0.9,
    height = 0.85,
    preview = true,
    icons = 'auto',
    limit = 50,
    keys = {
      open = '<CR>',
      split = { '<C-x>', '<C-s>' },
      vsplit = '<C-v>',
      tab = '<C-t>',
      quickfix = '<C-q>',
      next = { '<C-n>', '<Down>', '<C-j>' },
      previous = { '<C-p>', '<Up>', '<C-k>' },
      page_down = '<PageDown>',
      page_up = '<PageUp>',
      preview_down = '<C-d>',
      preview_up = '<C-u>',
      mark = '<Tab>',
      mark_back = '<S-Tab>',
      older = { '<C-Up>', '<M-p>' },
      newer = { '<C-Down>', '<M-n>' },
      toggle_preview = '<M-v>',
      grep = '<C-g>',
      help = '<F1>',
      close = '<C-c>',
    },
  },
}

---@type table<string, any>
local user_options = {}

---@param options? table
function M.setup(options)
  user_options = options or {}
end

---@return semlens.Config
function M.get()
  local global = type(vim.g.semlens) == 'table' and vim.g.semlens or {}
  local config = vim.tbl_deep_extend('force', defaults, global, user_options)
  -- vim.tbl_deep_extend would merge the user's list with the default one.
  for _, source in ipairs({ global, user_options }) do
    config.root_markers = source.root_markers or config.root_markers
  end
  return config
end

---Mistakes in the user's settings, one sentence each.
---@return string[]
function M.problems()
  local problems = {}
  local function check(values, known, prefix)
    for key, value in pairs(values) do
      local is_optional = prefix == '' and vim.list_contains({ 'cmd', 'env', 'package' }, key)
        or prefix == 'picker.' and key == 'border'
      if known[key] == nil and not is_optional then
        problems[#problems + 1] = ('`%s%s` is not a setting of the Neovim plugin.'):format(prefix, key)
      elseif type(value) == 'table' and (key == 'picker' or key == 'keys' or key == 'server') then
        check(value, known[key], prefix .. key .. '.')
      end
    end
  end
  check(type(vim.g.semlens) == 'table' and vim.g.semlens or {}, defaults, '')
  check(user_options, defaults, '')
  if vim.g.semlens ~= nil and type(vim.g.semlens) ~= 'table' then
    problems[#problems + 1] = '`vim.g.semlens` must be a table.'
  end
  table.sort(problems)
  return problems
end

return M
