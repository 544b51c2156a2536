-- Runs a test with its own Neovim. Fails if Neovim shows an error message.
local Editor = require('editor')

---@param options table of `Editor.start`
---@param body fun(editor: table)
---@return fun()
return function(options, body)
  return function()
    local editor = Editor.start(options)
    local ok, problem = xpcall(body, debug.traceback, editor)
    if ok then
      ok, problem = pcall(editor.no_errors, editor)
    end
    editor:stop()
    assert(ok, problem)
  end
end
