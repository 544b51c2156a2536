-- Highlight groups. Each is linked to a standard group, so that it follows the colour scheme.
local text_of = require('semlens.text')

local M = {}

M.links = {
  SemlensNormal = 'NormalFloat',
  SemlensBorder = 'FloatBorder',
  SemlensTitle = 'FloatTitle',
  SemlensPrompt = 'Identifier',
  SemlensHint = 'Comment',
  SemlensCount = 'Comment',
  SemlensSelection = 'CursorLine',
  SemlensMark = 'WarningMsg',
  SemlensKind = 'Type',
  SemlensName = 'Function',
  SemlensNameMatch = 'Title',
  SemlensContainer = 'Comment',
  SemlensPath = 'Directory',
  SemlensLine = 'Comment',
  SemlensSignature = 'Comment',
  SemlensUnsaved = 'DiagnosticWarn',
  SemlensMatch = 'Visual',
  SemlensError = 'ErrorMsg',
  SemlensGood = 'DiagnosticOk',
  SemlensWarn = 'DiagnosticWarn',
}

---'winhighlight' of the plugin's floating windows.
M.window = table.concat({
  'Normal:SemlensNormal',
  'NormalFloat:SemlensNormal',
  'FloatBorder:SemlensBorder',
  'FloatTitle:SemlensTitle',
  'FloatFooter:SemlensHint',
  'CursorLine:SemlensSelection',
}, ',')

---Text for the border of a plugin window. Many colour schemes give titles no background, and Neovim would then take
---the editor's instead of the window's. So SemlensNormal is set below the group.
---@param text string
---@param group string
---@return string|{ [1]: string, [2]: string[] }[]
function M.on_border(text, group)
  return text == '' and '' or { { text_of.printable(text), { 'SemlensNormal', group } } }
end

---Define the groups. Call it again after a change of colour scheme, which clears them. Groups that the user has set
---are kept.
function M.define()
  for group, link in pairs(M.links) do
    vim.api.nvim_set_hl(0, group, { link = link, default = true })
  end
end

return M
