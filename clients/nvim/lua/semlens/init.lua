-- The Lua API. Every function returns at once; what needs the server starts it.
local M = {}

---Optional: set the plugin's settings; `vim.g.semlens` does the same. Starts nothing.
---@param options? semlens.Config|table
function M.setup(options)
  require('semlens.config').setup(options)
end

---@param source semlens.Source
---@param text? string
local function list(source, text)
  if require('semlens.config').get().ui == 'select' then
    require('semlens.select').open(source, text)
  else
    require('semlens.picker').open(source, text)
  end
end

---Open the list of hits, with this question or an empty prompt.
---@param text? string
---@param options? semlens.SearchOptions
function M.search(text, options)
  list(require('semlens.sources').search(vim.api.nvim_get_current_buf(), options), text)
end

---The last list as it was left.
function M.resume()
  if not require('semlens.picker').again() then
    require('semlens.client').say('Nothing was searched yet.', vim.log.levels.WARN)
  end
end

---Code like the symbol at a place.
---@param position? semlens.Position default: the cursor
function M.similar(position)
  local cursor = vim.api.nvim_win_get_cursor(0)
  local what = position and ('line %d'):format(position.line + 1) or vim.fn.expand('<cword>')
  position = position or { line = cursor[1] - 1, character = cursor[2] }
  list(require('semlens.sources').similar(vim.api.nvim_get_current_buf(), position, what))
end

---Symbols of the workspace, by name and meaning.
---@param text? string
function M.symbols(text)
  list(require('semlens.sources').symbols(vim.api.nvim_get_current_buf()), text)
end

---A prompt-ready pack of code for a question, a range or the cursor.
---@param asked? semlens.ContextQuestion
function M.context(asked)
  require('semlens.context').open(asked or {})
end

---Groups of near-identical code, into the quickfix list.
---@param uri? string of the one file to look for
function M.duplicates(uri)
  local client = require('semlens.client')
  client.request('semlens/duplicates', { uri = uri }, function(err, answer, ready)
    if err then
      client.say(err, vim.log.levels.ERROR)
      return
    end
    local hits = require('semlens.hits')
    local items = {}
    for number, group in ipairs(answer.groups) do
      for _, hit in ipairs(group.symbols) do
        local item = hits.to_quickfix(hit, ready.offset_encoding)
        item.text = ('group %d, %d%%: %s'):format(number, math.floor(group.similarity * 100 + 0.5), item.text)
        items[#items + 1] = item
      end
    end
    if #items == 0 then
      client.say('No near-identical code was found.')
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
