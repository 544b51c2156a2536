local Picker = { selection_caret = '> ' }
Picker.__index = Picker

function Picker:_get_prompt()
  return self.prompt
end

---Ask the finder within a coroutine, as the real one does; keep what the sorter does not filter out, lowest score first.
function Picker:type(text)
  self.prompt = text
  self.entries = nil
  coroutine.wrap(function()
    local kept = {}
    for number, result in ipairs(self.options.finder.fn(text)) do
      local entry = self.options.finder.entry_maker(result)
      local score = self.options.sorter:scoring_function(text, entry.ordinal, entry)
      if score >= 0 then
        table.insert(kept, { score, number, entry })
      end
    end
    table.sort(kept, function(a, b)
      return a[1] < b[1] or a[1] == b[1] and a[2] < b[2]
    end)
    self.entries = vim.tbl_map(function(scored)
      return scored[3]
    end, kept)
  end)()
end

function Picker:find()
  self.results_win = vim.api.nvim_get_current_win()
  _G.telescope = self
  self:type(self.options.default_text or '')
end

return {
  new = function(_, options)
    return setmetatable({ options = options }, Picker)
  end,
}
