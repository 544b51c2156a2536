-- Sends requests to the server, passes partial results on, and sends the open requests again when a server ended before
-- it answered. `client` starts the server.
local M = {}

---@class semlens.OpenRequest
---@field send fun() sends it again
---@field fail fun(problem: string) answers it

---@type table<string|integer, fun(value: table)>
local partial_handlers = {}
---@type table<table, semlens.OpenRequest> the requests without an answer
local unfinished = {}

---Send the requests without an answer again.
function M.send_again()
  for _, request in pairs(unfinished) do
    request.send()
  end
end

---Answer the requests that no server will answer any more.
---@param problem string
function M.fail_all(problem)
  for _, request in ipairs(vim.tbl_values(unfinished)) do
    request.fail(problem)
  end
end

---@param params lsp.ProgressParams
function M.on_progress(err, params, context)
  local partial = partial_handlers[params.token]
  if partial then
    partial(params.value)
    return
  end
  return vim.lsp.handlers['$/progress'](err, params, context)
end

---Send a request to the server.
---@param method string
---@param params table
---@param on_answer fun(err: string?, result: any, client: vim.lsp.Client?) never called after `cancel`
---@param options? { bufnr?: integer, on_partial?: fun(value: table) }
---@return fun() cancel may be called at any time
function M.send(method, params, on_answer, options)
  options = options or {}
  local key = {}
  local is_finished, client, id = false, nil, nil
  local token
  if options.on_partial then
    token = ('semlens-nvim-%d'):format(vim.uv.hrtime())
    params = vim.tbl_extend('force', params, { refineToken = token })
    partial_handlers[token] = function(value)
      if not is_finished then
        options.on_partial(value)
      end
    end
  end
  local function finish()
    is_finished = true
    unfinished[key] = nil
    if token then
      partial_handlers[token] = nil
    end
  end
  local function fail(problem)
    if not is_finished then
      finish()
      on_answer(problem)
    end
  end
  local function send()
    require('semlens.client').with_client(function(err, ready)
      if is_finished then
        return
      end
      if not ready then
        fail(err)
        return
      end
      client = ready
      unfinished[key] = { send = send, fail = fail }
      local is_sent
      is_sent, id = client:request(method, params, function(failure, result)
        if is_finished then
          return
        end
        finish()
        on_answer(failure and failure.message, result, client)
      end, options.bufnr)
      if not is_sent then
        fail('The server is shutting down. Try again in a moment.')
      end
    end)
  end
  send()
  return function()
    if is_finished then
      return
    end
    finish()
    if client and id and not client:is_stopped() then
      client:cancel_request(id)
    end
  end
end

return M
