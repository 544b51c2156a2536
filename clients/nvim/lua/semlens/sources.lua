-- The lists that a picker can show. Each source sends one kind of request; all return a `semlens.SearchResult`.
local client = require('semlens.client')
local config = require('semlens.config')

local M = {}

---@param bufnr integer
---@return { uri: string }?
local function document(bufnr)
  if require('semlens.roots').is_file_buffer(bufnr) then
    return { uri = vim.uri_from_bufnr(bufnr) }
  end
end

---@return boolean whether a refining model is in use; without one, partial results would only cost time
local function is_refined()
  return vim.iter(client.status and client.status.tiers or {}):any(function(tier)
    return tier.role == 'refine' and tier.embedded > 0
  end)
end

---@param bufnr integer current buffer; hits near it rank higher
---@param options? semlens.SearchOptions
---@return semlens.Source
function M.search(bufnr, options)
  local text_document = document(bufnr)
  return {
    name = 'search',
    title = 'semlens',
    hint = 'Describe what the code does, or name it',
    live = true,
    request = function(text, on_result)
      local params = vim.tbl_extend('force', { limit = config.get().picker.limit }, options or {}, {
        query = text,
        textDocument = text_document,
      })
      return client.request('semlens/search', params, function(err, result)
        on_result(err, result, false)
      end, {
        bufnr = bufnr,
        on_partial = is_refined() and function(value)
          on_result(nil, value, true)
        end or nil,
      })
    end,
  }
end

---@param bufnr integer
---@param position semlens.Position
---@param subject string name of the symbol, for the title
---@return semlens.Source
function M.similar(bufnr, position, subject)
  return {
    name = 'similar',
    title = 'Similar to ' .. subject,
    hint = 'Type to narrow the list',
    live = false,
    request = function(_, on_result)
      local params = { textDocument = document(bufnr), position = position, limit = config.get().picker.limit }
      return client.request('semlens/similar', params, function(err, result)
        on_result(err, result, false)
      end, { bufnr = bufnr })
    end,
  }
end

---@param bufnr integer
---@return semlens.Source
function M.symbols(bufnr)
  return {
    name = 'symbols',
    title = 'Workspace symbols',
    hint = 'Name a symbol',
    live = true,
    request = function(text, on_result)
      return client.request('workspace/symbol', { query = text }, function(err, symbols)
        local result = symbols and { hits = symbols, generation = 0, complete = true, elapsedMs = 0 }
        on_result(err, result or nil, false)
      end, { bufnr = bufnr })
    end,
  }
end

---A source for the current buffer and cursor.
---@param name 'search'|'similar'|'symbols'
---@param argument? semlens.SearchOptions|semlens.Position options of a search; position for `similar`
---@return semlens.Source
function M.at_cursor(name, argument)
  local bufnr = vim.api.nvim_get_current_buf()
  if name ~= 'similar' then
    return M[name](bufnr, argument)
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  local subject = argument and ('line %d'):format(argument.line + 1) or vim.fn.expand('<cword>')
  return M.similar(bufnr, argument or { line = cursor[1] - 1, character = cursor[2] }, subject)
end

return M
