-- The plugin's settings: the defaults, overridden by `vim.g.semlens`, overridden by the options of `setup`. Of a wrong
-- value the user is told, and its default is used. The server's settings are passed on in `settings`; this module does
-- not read them.
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

---@param is_item fun(value: any): boolean
---@return fun(value: any): boolean
local function is_list_of(is_item)
  return function(value)
    return vim.islist(value) and vim.iter(value):all(is_item)
  end
end

---@param name type
---@return fun(value: any): boolean
local function is_a(name)
  return function(value)
    return type(value) == name
  end
end

---@param ... fun(value: any): boolean
---@return fun(value: any): boolean
local function any_of(...)
  local checks = { ... }
  return function(value)
    return vim.iter(checks):any(function(check)
      return check(value)
    end)
  end
end

---@param minimum number
---@param maximum number
---@return fun(value: any): boolean
local function is_whole(minimum, maximum)
  return function(value)
    return type(value) == 'number' and value % 1 == 0 and value >= minimum and value <= maximum
  end
end

---@param value any
---@return boolean
local function is_off(value)
  return value == false
end

local is_text = is_a('string')
local is_texts = is_list_of(is_text)
local BORDERS = { '', 'none', 'single', 'double', 'rounded', 'solid', 'shadow', 'bold' }
local BORDER_SIZES = { 1, 2, 4, 8 } -- those that nvim_open_win() takes

---@alias semlens.Rule { [1]: string, [2]: fun(value: any): boolean } what a value must be, and whether it is
local FLAG = { 'true or false', is_a('boolean') }
local TEXT = { 'a string', is_text }
local TABLE = { 'a table', is_a('table') }
local SIZE = {
  'a number above 0',
  function(value)
    return type(value) == 'number' and value > 0
  end,
}
local KEYS = { 'a key, a list of keys or false', any_of(is_text, is_texts, is_off) }

---A rule for each setting; a table of rules for a group of settings.
local rules = {
  cmd = { 'a string or a list of strings', any_of(is_text, is_texts) },
  env = TABLE,
  package = TEXT,
  log_level = { 'one of vim.log.levels', is_whole(0, 5) },
  project_venv = FLAG,
  settings = TABLE,
  server = { shared = FLAG },
  root_markers = { 'a list of strings, or of lists of strings', is_list_of(any_of(is_text, is_texts)) },
  ui = TEXT,
  context_budget = { 'a whole number from 1 to 10000000', is_whole(1, 10000000) },
  picker = {
    width = SIZE,
    height = SIZE,
    preview = FLAG,
    icons = {
      "'auto', false or a table",
      any_of(is_a('table'), is_off, function(value)
        return value == 'auto'
      end),
    },
    border = {
      'the name of a border or a list of its 1, 2, 4 or 8 characters',
      function(value)
        return vim.list_contains(BORDERS, value) or (vim.islist(value) and vim.list_contains(BORDER_SIZES, #value))
      end,
    },
    limit = { 'a whole number from 1 to 1000', is_whole(1, 1000) },
    keys = vim.tbl_map(function()
      return KEYS
    end, defaults.picker.keys),
  },
}

---@param values any what the user has set
---@param group table<string, table> its rules
---@param name string of the group, for problems; empty: of all settings
---@param problems string[] gets a sentence for each wrong setting
---@return table the right ones
local function right_values(values, group, name, problems)
  local right = {}
  local function add(setting, problem)
    problems[#problems + 1] = ('`%s` %s'):format(setting, problem)
  end
  if type(values) ~= 'table' then
    add(name ~= '' and name or 'vim.g.semlens', 'must be a table. Its defaults are used.')
    return right
  end
  for key, value in pairs(values) do
    local setting = name ~= '' and ('%s.%s'):format(name, key) or tostring(key)
    local rule = group[key]
    if not rule then
      add(setting, 'is not a setting of the Neovim plugin.')
    elseif not rule[1] then
      right[key] = right_values(value, rule, setting, problems)
    elseif rule[2](value) then
      right[key] = value
    else
      add(setting, ('must be %s. Its default is used.'):format(rule[1]))
    end
  end
  return right
end

---@type table<string, any>
local user_options = {}

---@param options? table
function M.setup(options)
  user_options = options or {}
end

---@return semlens.Config
---@return string[] problems in the user's settings, one sentence each, sorted
local function read()
  local problems = {}
  local global = right_values(vim.g.semlens or {}, rules, '', problems)
  local own = right_values(user_options, rules, '', problems)
  table.sort(problems)
  return vim.tbl_deep_extend('force', vim.deepcopy(defaults), global, own), problems
end

---@return semlens.Config a copy
function M.get()
  return (read())
end

---Mistakes in the user's settings, one sentence each.
---@return string[]
function M.problems()
  return (select(2, read()))
end

return M
