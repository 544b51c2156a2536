-- Semantic code search: what users and other plugins call. See :help semlens

local M = {}

---@type semlens.Options
M.options = {}

---@type fun()?
local cancel_last

---@param text string
---@param level? integer
local function tell(text, level)
  vim.notify('semlens: ' .. text, level or vim.log.levels.INFO)
end

---@param options? semlens.Options
function M.setup(options)
  M.options = options or {}
  local settings = M.options.settings or {}
  vim.lsp.config('semlens', {
    cmd = M.options.cmd,
    settings = { semlens = settings },
    init_options = settings,
  })
  vim.lsp.enable('semlens')
end

--- Search, then let the user choose among the hits.
---@param query? string asked for when empty
---@param options? semlens.SearchOptions
function M.search(query, options)
  if not query or vim.trim(query) == '' then
    vim.ui.input({ prompt = 'Find code by meaning: ' }, function(typed)
      if typed and vim.trim(typed) ~= '' then
        M.search(typed, options)
      end
    end)
    return
  end
  options = options or {}
  if cancel_last then
    cancel_last()
  end
  local params = {
    query = query,
    limit = options.limit,
    filter = options.filter,
    textDocument = { uri = vim.uri_from_bufnr(0) },
  }
  cancel_last = require('semlens.server').request('semlens/search', params, function(problem, answer, client)
    cancel_last = nil
    if problem then
      return tell(problem, vim.log.levels.ERROR)
    end
    M._show(answer, client, query, options)
  end)
end

---@param answer semlens.Answer
---@param client vim.lsp.Client
---@param query string
---@param options semlens.SearchOptions
function M._show(answer, client, query, options)
  for _, note in ipairs(answer.notes or {}) do
    tell(note)
  end
  if #answer.hits == 0 then
    return tell(answer.complete and 'nothing found.' or 'nothing found yet: indexing goes on.')
  end
  local hits = require('semlens.hits')
  if options.quickfix then
    hits.to_quickfix(answer.hits, client, query)
    return vim.cmd.copen()
  end
  local function jump(hit)
    hits.jump(hit, client)
  end
  if M.options.select then
    return M.options.select(answer.hits, query, jump)
  end
  local title = answer.complete and 'Code by meaning' or 'Code by meaning (indexing goes on)'
  vim.ui.select(answer.hits, { prompt = title, kind = 'semlens', format_item = hits.label }, function(hit)
    if hit then
      jump(hit)
    end
  end)
end

--- Tell what is indexed.
function M.status()
  require('semlens.server').request('semlens/status', {}, function(problem, status)
    if problem then
      return tell(problem, vim.log.levels.ERROR)
    end
    local files, symbols = 0, 0
    for _, root in ipairs(status.roots) do
      files, symbols = files + root.files, symbols + root.symbols
    end
    local refining = status.refining and ', refining' or ''
    tell(('%s%s: %d files, %d symbols, %d folders'):format(status.state, refining, files, symbols, #status.roots))
    for _, one in ipairs(status.problems) do
      tell(vim.trim(one.path .. ' ' .. one.message), vim.log.levels.WARN)
    end
  end)
end

---@param options? { full?: boolean }
function M.reindex(options)
  local params = { full = options ~= nil and options.full == true }
  require('semlens.server').request('semlens/reindex', params, function(problem)
    tell(problem or 'looking at the files again.', problem and vim.log.levels.ERROR)
  end)
end

return M
