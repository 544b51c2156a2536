-- Code context for a prompt, shown in a scratch Markdown buffer or copied to the clipboard.
local client = require('semlens.client')
local config = require('semlens.config')
local messages = require('semlens.messages')

local M = {}

---@class semlens.ContextRequest
---@field query? string
---@field range? semlens.Range
---@field budget? integer
---@field clipboard? boolean

---@param answer { text: string, tokens: integer, budget: integer, omitted: any, masked: any }
---@param request semlens.ContextRequest
local function show(answer, request)
  local summary = ('%d of %d tokens'):format(answer.tokens, answer.budget)
  if request.clipboard then
    vim.fn.setreg('"', answer.text)
    if vim.fn.has('clipboard') == 1 then
      vim.fn.setreg('+', answer.text)
      messages.say('COPIED', summary)
    else
      messages.say('NO_CLIPBOARD', summary)
    end
    return
  end
  vim.cmd('botright new')
  local buffer = vim.api.nvim_get_current_buf()
  vim.bo[buffer].buftype = 'nofile'
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].swapfile = false
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(answer.text, '\n', { plain = true }))
  vim.bo[buffer].modified = false
  vim.bo[buffer].filetype = 'markdown'
  messages.say('CONTEXT_SIZE', summary)
end

---@param request semlens.ContextRequest
function M.open(request)
  local bufnr = vim.api.nvim_get_current_buf()
  local params = { budget = request.budget or config.get().context_budget, query = request.query }
  if require('semlens.roots').is_file_buffer(bufnr) then
    params.textDocument = { uri = vim.uri_from_bufnr(bufnr) }
    if request.range then
      params.range = request.range
    elseif not request.query then
      local cursor = vim.api.nvim_win_get_cursor(0)
      params.position = { line = cursor[1] - 1, character = cursor[2] }
    end
  end
  client.request('semlens/context', params, function(err, answer)
    if err then
      messages.say('FAILED', err)
    else
      show(answer, request)
    end
  end, { bufnr = bufnr })
end

return M
