-- Highlight groups, all linked to standard ones so that every colour scheme fits.
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

---What a floating window of ours sets as 'winhighlight'.
M.window = table.concat({
  'Normal:SemlensNormal',
  'NormalFloat:SemlensNormal',
  'FloatBorder:SemlensBorder',
  'FloatTitle:SemlensTitle',
  'FloatFooter:SemlensHint',
  'CursorLine:SemlensSelection',
}, ',')

---Text on the border of a window of ours: many colour schemes give titles no background of their own, and Neovim would
---take the editor's instead of the window's.
---@param text string
---@param group string
---@return string|{ [1]: string, [2]: string[] }[]
function M.on_border(text, group)
  return text == '' and '' or { { text_of.printable(text), { 'SemlensNormal', group } } }
end

---Also after a change of colour scheme, which clears them; what the user has set stays.
function M.define()
  for group, link in pairs(M.links) do
    vim.api.nvim_set_hl(0, group, { link = link, default = true })
  end
end

return M
