-- Shows hits through `vim.ui.select`, which many picker plugins replace. It cannot search while the user types.
local entry = require('semlens.ui.entry')
local hits = require('semlens.hits')

local M = {}

---@type fun()?
local cancel

---@param source semlens.Source
---@param text string
local function request(source, text)
  if cancel then
    cancel()
  end
  cancel = source.request(text, function(err, result, is_partial)
    if is_partial then
      return
    elseif err then
      require('semlens.messages').say('FAILED', err)
      return
    elseif not result or #result.hits == 0 then
      require('semlens.messages').say('NO_HITS', text)
      return
    end
    vim.ui.select(result.hits, {
      prompt = source.title,
      kind = 'semlens',
      format_item = entry.line,
    }, function(hit)
      if hit then
        hits.jump(hit, 'open')
      end
    end)
  end)
end

---@param source semlens.Source
---@param text? string
function M.open(source, text)
  if not source.live or (text and text ~= '') then
    request(source, text or '')
    return
  end
  vim.ui.input({ prompt = source.title .. ': ' }, function(typed)
    if typed and vim.trim(typed) ~= '' then
      require('semlens.history').add(typed)
      request(source, typed)
    end
  end)
end

return M
