-- Callers, callees and the impact of a change, as quickfix lists.
local client = require('semlens.client')
local hits = require('semlens.hits')
local messages = require('semlens.messages')

local M = {}

---@param title string
---@param items vim.quickfix.entry[]
local function show(title, items)
  vim.fn.setqflist({}, ' ', { title = title, items = items })
  vim.cmd('botright copen')
end

---@return table the parameters for the line of the cursor
local function at_cursor()
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  return { textDocument = { uri = vim.uri_from_bufnr(0) }, position = { line = line, character = 0 } }
end

---@param method string
---@param params table
---@param on_answer fun(answer: table)
local function request(method, params, on_answer)
  client.request(method, params, function(err, answer)
    if err then
      messages.say('FAILED', err)
    else
      on_answer(answer)
    end
  end)
end

---@param hit semlens.Hit
---@param prefix string
---@param range? semlens.Range where to jump; default: the name
---@return vim.quickfix.entry
local function item(hit, prefix, range)
  local entry = hits.to_quickfix(vim.tbl_extend('force', hit, { selectionRange = range }))
  entry.text = prefix .. entry.text
  return entry
end

---@param edge table
---@return string
local function doubt(edge)
  return edge.confidence < 0.8 and ('perhaps (%d%%): '):format(math.floor(edge.confidence * 100 + 0.5)) or ''
end

---List who uses the symbol at the cursor, each place of a use.
function M.callers()
  request('semlens/callers', at_cursor(), function(answer)
    local items = {}
    for _, edge in ipairs(answer.edges) do
      for _, range in ipairs(#edge.ranges > 0 and edge.ranges or { edge.hit.selectionRange }) do
        items[#items + 1] = item(edge.hit, doubt(edge), range)
      end
    end
    if #items == 0 then
      messages.say('NO_CALLERS', answer.symbol.name)
    else
      show('Callers of ' .. answer.symbol.name, items)
    end
  end)
end

---List what the symbol at the cursor uses, each definition.
function M.callees()
  request('semlens/callees', at_cursor(), function(answer)
    local items = {}
    for _, edge in ipairs(answer.edges) do
      items[#items + 1] = item(edge.hit, doubt(edge))
    end
    if #items == 0 then
      messages.say('NO_CALLEES', answer.symbol.name)
    else
      show('Callees of ' .. answer.symbol.name, items)
    end
  end)
end

---List the tests that reach the changes since a commit, then what else they may affect.
---@param ref? string default: HEAD
function M.impact(ref)
  request('semlens/impact', { ref = ref or 'HEAD' }, function(answer)
    local items = {}
    for _, hit in ipairs(answer.tests) do
      items[#items + 1] = item(hit, ('test, via %s: '):format(table.concat(hit.via, ' > ')))
    end
    for _, one in ipairs(answer.affected) do
      items[#items + 1] = item(one.hit, ('via %s: '):format(table.concat(one.via, ' > ')))
    end
    if #items == 0 then
      messages.say('NO_IMPACT')
    else
      show('Impact of the changes', items)
    end
  end)
end

return M
