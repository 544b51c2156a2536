-- Stands in for fzf-lua: `_G.fzf` is the open list; `_G.fzf:type(text)` is a keystroke in a live one.
local M = { defaults = { actions = { files = { enter = 'edit or quickfix' } } } }

---@param contents fun(add: fun(line: string?))
local function fill(list, contents)
  list.lines, list.is_complete = {}, false
  contents(function(line)
    if line then
      table.insert(list.lines, line)
    else
      list.is_complete = true
    end
  end)
end

function M.fzf_live(contents, options)
  _G.fzf = { options = options }
  function _G.fzf:type(text)
    fill(self, contents({ text }))
  end
  _G.fzf:type(options.query or '')
end

function M.fzf_exec(contents, options)
  _G.fzf = { options = options }
  fill(_G.fzf, contents)
end

return M
