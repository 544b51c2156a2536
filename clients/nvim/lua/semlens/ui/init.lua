-- Chooses the picker that shows the hits: the built-in one, or that of another plugin. All take the same sources and
-- keep the server's order. Keys, preview and quickfix list of another plugin are left to that plugin.
local config = require('semlens.config')

local M = {}

---@class semlens.Ui
---@field open fun(source: semlens.Source, text?: string)

---For each value of the setting `ui`: our module, and the module of the plugin that it needs.
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
---@return string? problem message for the user; nil: the picker can be used
function M.problem(name)
  local backend = M.backends[name]
  if not backend then
    local names = vim.tbl_keys(M.backends)
    table.sort(names)
    return ('The setting `ui` has the unknown value "%s". Set it to one of %s.'):format(name, table.concat(names, ', '))
  elseif backend[2] and not pcall(require, backend[2]) then
    return ('The setting `ui` names %s, which is not installed. Install it or change the setting.'):format(name)
  end
end

---@param source semlens.Source
---@param text? string
function M.open(source, text)
  local name = config.get().ui
  local problem = M.problem(name)
  if problem then
    vim.notify_once('semlens: ' .. require('semlens.messages').text('UI', problem), vim.log.levels.WARN)
    name = 'builtin'
  end
  require(M.backends[name][1]).open(source, text)
end

return M
