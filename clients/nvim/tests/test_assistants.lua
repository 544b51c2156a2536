-- What plugins for assistants get.
local equal = require('equal')
local with = require('with_editor')

return {
  {
    'CodeCompanion gets the command of an MCP server that answers',
    with({}, function(editor)
      editor:edit('colour.py')
      local tools = editor:lua([[
        local server = require('semlens.assistants').codecompanion()
        local message = {
          jsonrpc = '2.0',
          id = 1,
          method = 'initialize',
          params = {
            protocolVersion = '2025-11-25',
            capabilities = vim.empty_dict(),
            clientInfo = { name = 'test', version = '1' },
          },
        }
        local answer
        local process = vim.system(server.cmd, {
          stdin = true,
          env = server.env,
          stdout = function(_, data) answer = answer or data end,
        })
        process:write(vim.json.encode(message) .. '\n')
        vim.wait(60000, function() return answer ~= nil end)
        process:kill(9)
        return vim.json.decode(answer).result.serverInfo.name
      ]])
      equal(tools, 'semlens')
    end),
  },
  {
    "avante's tool gives a pack of code, or says why not",
    with({}, function(editor)
      editor:edit('colour.py')
      local ask = [[
        local tool = require('semlens.assistants').avante()[1]
        local result, problem
        local done = function(...) result, problem = ... end
        local arguments = { query = ..., budget = 500 }
        if _G.is_old then tool.func(arguments, print, done) else tool.func(arguments, { on_complete = done }) end
        vim.wait(60000, function() return result ~= nil or problem ~= nil end)
        return { result or '', problem or '' }
      ]]
      local answer = editor:lua(ask, 'parse_colour')
      assert(answer[1]:find('def parse_colour', 1, true), vim.inspect(answer))
      editor:lua('_G.is_old = true')
      equal(editor:lua(ask, 'parse_colour'), answer)
      editor:lua("vim.g.semlens = { cmd = { '/nonexistent', 'serve' } }")
      equal(
        editor:lua(ask, 'parse_colour'),
        { '', 'Cannot run `/nonexistent`, the setting `cmd`. Correct the setting or remove it.' }
      )
    end),
  },
}
