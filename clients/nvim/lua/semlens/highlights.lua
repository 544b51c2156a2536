-- Highlight groups, all linked to standard ones so that every colour scheme fits.
local M = {}

M.links = {
  SemlensNormal = 'NormalFloat',
  SemlensBorder = 'FloatBorder',
  SemlensTitle = 'FloatTitle',
  SemlensPrompt = 'Identifier',
  SemlensHint = 'Comment',
  SemlensCount = 'Comment',
  SemlensSelection = 'Visual',
  SemlensMark = 'WarningMsg',
  SemlensKind = 'Type',
  SemlensName = 'Function',
  SemlensNameMatch = 'Special',
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

---Also after a change of colour scheme, which clears them; what the user has set stays.
function M.define()
  for group, link in pairs(M.links) do
    vim.api.nvim_set_hl(0, group, { link = link, default = true })
  end
end

return M
