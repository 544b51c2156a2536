-- The Lua API. Every function returns at once. Functions that need the server start it.
local M = {}

---Optional: change the plugin's settings. `vim.g.semlens` does the same. Starts nothing.
---@param options? semlens.Config|table
function M.setup(options)
  require('semlens.config').setup(options)
end

---Open the picker, with this query or an empty prompt.
---@param text? string
---@param options? semlens.SearchOptions
function M.search(text, options)
  require('semlens.ui').open(require('semlens.sources').at_cursor('search', options), text)
end

---Open the last picker again, with its query, hits and selection.
function M.resume()
  if not require('semlens.picker').reopen() then
    require('semlens.messages').say('NO_EARLIER_SEARCH')
  end
end

---Find code similar to the symbol at a position.
---@param position? semlens.Position default: the cursor
function M.similar(position)
  require('semlens.ui').open(require('semlens.sources').at_cursor('similar', position))
end

---Find symbols of the workspace by name and meaning.
---@param text? string
function M.symbols(text)
  require('semlens.ui').open(require('semlens.sources').at_cursor('symbols'), text)
end

---Collect code context for a prompt: for a query, a range or the cursor.
---@param request? semlens.ContextRequest
function M.context(request)
  require('semlens.context').open(request or {})
end

---List groups of near-identical code in the quickfix list.
---@param uri? string only groups with a part in this file
function M.duplicates(uri)
  local client = require('semlens.client')
  local params = uri and { uri = uri } or vim.empty_dict() -- an empty Lua table would be encoded as a list
  client.request('semlens/duplicates', params, function(err, answer)
    if err then
      require('semlens.messages').say('FAILED', err)
      return
    end
    local hits = require('semlens.hits')
    local items = {}
    for number, group in ipairs(answer.groups) do
      for _, hit in ipairs(group.symbols) do
        local item = hits.to_quickfix(hit)
        item.text = ('group %d, %d%%: %s'):format(number, math.floor(group.similarity * 100 + 0.5), item.text)
        items[#items + 1] = item
      end
    end
    if #items == 0 then
      require('semlens.messages').say('NO_DUPLICATES')
      return
    end
    vim.fn.setqflist({}, ' ', { title = 'Near-identical code', items = items })
    vim.cmd('botright copen')
  end)
end

---Search without opening a picker.
---@param text string
---@param on_answer fun(err: string?, result: semlens.SearchResult?)
---@param options? semlens.SearchOptions
---@return fun() cancel
function M.query(text, on_answer, options)
  local params = vim.tbl_extend('force', options or {}, { query = text })
  return require('semlens.client').request('semlens/search', params, on_answer)
end

---The last status from the server; nil while it does not run.
---@return semlens.Status?
function M.status()
  return require('semlens.client').status
end

---Text for a status line; empty while the server does not run.
---@return string
function M.statusline()
  return require('semlens.status').statusline()
end

return M
