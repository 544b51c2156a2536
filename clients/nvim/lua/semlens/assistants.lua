-- Gives plugins for assistants the code that matters. They get what coding agents get: the files on disk, with secrets
-- masked, and never what is unsaved unless the setting `agents.unsavedText` allows it.
--
-- CodeCompanion starts MCP servers: `mcp = { servers = { semlens = require('semlens.assistants').codecompanion } }`.
-- avante has tools: `custom_tools = require('semlens.assistants').avante`.
local roots = require('semlens.roots')
local server = require('semlens.server')

local M = {}

local BUDGET = 4000
local TIMEOUT_MS = 60000

---The program with a command other than `serve`.
---@param ... string
---@return string[]
local function command(...)
  local found, problem = server.find(roots.find(0))
  if not found then
    error(problem, 0)
  end
  return server.other_command(found, ...)
    or error('The setting `cmd` has no `serve`, so no other command of semlens can be run.', 0)
end

---A server for CodeCompanion's `mcp.servers`. Its root is the git repository of the working directory.
---@return { cmd: string[], env: table<string, string> }
function M.codecompanion()
  return { cmd = command('mcp'), env = server.environment() }
end

---@param arguments { query: string, budget?: integer }
---@param finish fun(result: string?, problem: string?)
local function pack(arguments, finish)
  local ok, cmd = pcall(command, 'context', '--budget', tostring(arguments.budget or BUDGET), '--', arguments.query)
  if not ok then
    return finish(nil, cmd --[[@as string]])
  end
  local options = { text = true, timeout = TIMEOUT_MS, cwd = roots.find(0), env = server.environment() }
  vim.system(
    cmd --[[@as string[] ]],
    options,
    vim.schedule_wrap(function(ran)
      if ran.code == 0 then
        finish(ran.stdout, nil)
      else
        finish(nil, ran.code == 124 and 'semlens did not answer within a minute.' or vim.trim(ran.stderr))
      end
    end)
  )
end

---Tools for avante's `custom_tools`.
---@return table[]
function M.avante()
  return {
    {
      name = 'semlens_context',
      description = 'Collects the code of this repository that matters for a question: definitions, callers, types and '
        .. 'tests, within a token budget. Use it before grep when you do not know the exact name.',
      param = {
        type = 'table',
        fields = {
          { name = 'query', description = 'What the code does, a name, or an error message', type = 'string' },
          { name = 'budget', description = 'Tokens, 4000 by default', type = 'integer', optional = true },
        },
      },
      returns = {
        { name = 'result', description = 'The code, with its places', type = 'string' },
        { name = 'error', description = 'Why there is none', type = 'string', optional = true },
      },
      -- Newer versions of avante pass a table of functions, older ones two functions.
      func = function(arguments, functions, on_complete)
        pack(arguments, type(functions) == 'table' and functions.on_complete or on_complete)
      end,
    },
  }
end

return M
