-- The Lua API. Every function returns at once; what needs the server starts it.
local M = {}

---Optional: set the plugin's settings; `vim.g.semlens` does the same. Starts nothing.
---@param options? semlens.Config|table
function M.setup(options)
  require('semlens.config').setup(options)
end

---Open the list of hits, with this question or an empty prompt.
---@param text? string
---@param options? semlens.SearchOptions
function M.search(text, options)
  require('semlens.ui').open(require('semlens.sources').at_cursor('search', options), text)
end

---The last list as it was left.
function M.resume()
  if not require('semlens.picker').reopen() then
    require('semlens.client').notify('Nothing was searched yet.', vim.log.levels.WARN)
  end
end

---Code like the symbol at a place.
---@param position? semlens.Position default: the cursor
function M.similar(position)
  require('semlens.ui').open(require('semlens.sources').at_cursor('similar', position))
end

---Symbols of the workspace, by name and meaning.
---@param text? string
function M.symbols(text)
  require('semlens.ui').open(require('semlens.sources').at_cursor('symbols'), text)
end

---A prompt-ready pack of code for a question, a range or the cursor.
---@param request? semlens.ContextRequest
function M.context(request)
  require('semlens.context').open(request or {})
end

---Groups of near-identical code, into the quickfix list.
---@param uri? string of the one file to look for
function M.duplicates(uri)
  local client = require('semlens.client')
  local params = uri and { uri = uri } or vim.empty_dict() -- an empty table would be sent as a list
  client.request('semlens/duplicates', params, function(err, answer)
    if err then
      client.notify(err, vim.log.levels.ERROR)
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
      client.notify('No near-identical code was found.')
      return
    end
    vim.fn.setqflist({}, ' ', { title = 'Near-identical code', items = items })
    vim.cmd('botright copen')
  end)
end

---Ask without any list.
---@param text string
---@param on_answer fun(err: string?, result: semlens.SearchResult?)
---@param options? semlens.SearchOptions
---@return fun() cancel
function M.query(text, on_answer, options)
  local params = vim.tbl_extend('force', options or {}, { query = text })
  return require('semlens.client').request('semlens/search', params, on_answer)
end

---The last status the server told, or nil.
---@return semlens.Status?
function M.status()
  return require('semlens.client').status
end

---A component for a status line.
---@return string
function M.statusline()
  return require('semlens.status').statusline()
end

return M
