-- Which list shows the hits: our own picker, or that of a plugin the user has. All take the same sources and keep the
-- server's order; what a plugin offers beside (its keys, its preview, its quickfix) is its own.
local config = require('semlens.config')

local M = {}

---@class semlens.Ui
---@field open fun(source: semlens.Source, text?: string)

---The setting `ui`: the module of ours, and the module of the plugin it needs.
---@type table<string, { [1]: string, [2]: string? }>
M.backends = {
  builtin = { 'semlens.picker' },
  telescope = { 'semlens.ui.telescope', 'telescope' },
  ['fzf-lua'] = { 'semlens.ui.fzf_lua', 'fzf-lua' },
  snacks = { 'semlens.ui.snacks', 'snacks' },
  ['mini.pick'] = { 'semlens.ui.mini_pick', 'mini.pick' },
  select = { 'semlens.ui.select' },
}

---@param name string
---@return string? problem one sentence
function M.problem(name)
  local backend = M.backends[name]
  if not backend then
    local names = vim.tbl_keys(M.backends)
    table.sort(names)
    return ('There is no list "%s": the setting `ui` is one of %s.'):format(name, table.concat(names, ', '))
  elseif backend[2] and not pcall(require, backend[2]) then
    return ('The setting `ui` names %s, which is not installed: our own list is used.'):format(name)
  end
end

---@param source semlens.Source
---@param text? string
function M.open(source, text)
  local name = config.get().ui
  local problem = M.problem(name)
  if problem then
    vim.notify_once('semlens: ' .. problem, vim.log.levels.WARN)
    name = 'builtin'
  end
  require(M.backends[name][1]).open(source, text)
end

return M
