-- The one language client, which serves all roots. Other modules start the server and send requests through it.
-- It restarts the server once after a crash. Where the program is found is left to `server`.
local config = require('semlens.config')
local roots = require('semlens.roots')
local server = require('semlens.server')
local text_util = require('semlens.text')

local M = {}

local NAME = 'semlens'
-- After two crashes within this time the server stays off until a command needs it.
local CRASH_WINDOW_MS = 60000

---@type fun(err: string?, client: vim.lsp.Client?)[]
local waiting = {}
---@type table<integer, string[]> by client id: folders to add once that client is initialized
local pending_folders = {}
---@type table<string|integer, fun(value: table)>
local partial_handlers = {}
local last_crash_ms = -CRASH_WINDOW_MS
local is_off = false
local has_warned_missing = false

---@type semlens.Status?
M.status = nil

---@param message string
---@param level? integer
function M.notify(message, level)
  if not vim.startswith(message, 'semlens: ') then
    message = 'semlens: ' .. message
  end
  vim.notify(text_util.printable(message), level or vim.log.levels.INFO)
end

---@param message string
function M.warn(message)
  M.notify(message, vim.log.levels.WARN)
end

---@param message string what happened, then what to do
function M.error(message)
  M.notify(message, vim.log.levels.ERROR)
end

---@param pattern string
---@param data? any
local function fire_event(pattern, data)
  vim.api.nvim_exec_autocmds('User', { pattern = pattern, modeline = false, data = data })
end

---@return vim.lsp.Client?
local function any_client()
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME, _uninitialized = true })) do
    if not client:is_stopped() then
      return client
    end
  end
end

---The client that can take requests now, or nil.
---@return vim.lsp.Client?
function M.get()
  local client = any_client()
  return client and client.initialized and client or nil
end

---@param err string?
---@param client vim.lsp.Client?
local function resolve_waiting(err, client)
  local callbacks = waiting
  waiting = {}
  for _, callback in ipairs(callbacks) do
    callback(err, client)
  end
end

---@param client vim.lsp.Client
---@param folder string
local function add_folder(client, folder)
  for _, known in ipairs(client.workspace_folders or {}) do
    if roots.is_inside(folder, vim.fs.normalize(vim.uri_to_fname(known.uri))) then
      return
    end
  end
  local added = { uri = vim.uri_from_fname(folder), name = folder }
  client.workspace_folders = client.workspace_folders or {}
  table.insert(client.workspace_folders, added)
  client:notify('workspace/didChangeWorkspaceFolders', { event = { added = { added }, removed = {} } })
end

---@param client vim.lsp.Client
---@param client_config vim.lsp.ClientConfig
---@return boolean
local function reuse(client, client_config)
  if client.name ~= client_config.name or client:is_stopped() then
    return false
  end
  local folder = client_config.root_dir
  if folder and client.initialized then
    add_folder(client, vim.fs.normalize(folder))
  elseif folder then
    pending_folders[client.id] = pending_folders[client.id] or {}
    table.insert(pending_folders[client.id], vim.fs.normalize(folder))
  end
  return true
end

---@param attached integer[]
---@param folders string[]
---@param reason string
local function recover(attached, folders, reason)
  M.status = nil
  local now = vim.uv.now()
  is_off = now - last_crash_ms < CRASH_WINDOW_MS
  last_crash_ms = now
  fire_event('SemlensExit', { reason = reason, is_off = is_off })
  if is_off then
    local message = 'The server crashed again (%s) and stays off. `:SemanticLog` shows why. Any search starts it again.'
    M.error(message:format(reason))
    resolve_waiting(message:format(reason))
    return
  end
  M.warn(('The server crashed (%s) and is being restarted. `:SemanticLog` shows why.'):format(reason))
  -- Neovim removes the dead client in a scheduled call that runs before this one.
  vim.schedule(function()
    for _, folder in ipairs(folders) do
      M.start(nil, folder)
    end
    for _, bufnr in ipairs(attached) do
      if roots.is_file_buffer(bufnr) then
        M.start(bufnr)
      end
    end
  end)
end

---The environment of the server. It carries the user's settings, because the server accepts user-only settings from
---no message. They come from `vim.g.semlens` and `setup`, never from `client_config.settings`: plugins fill that from
---files of a project. A project's `.nvim.lua` is no risk: it runs only once the user trusts it.
---@return table<string, string>
local function environment()
  local options = config.get()
  local server_settings = options.settings.semlens or options.settings
  local user_settings = next(server_settings) and vim.json.encode(server_settings) or '{}'
  return vim.tbl_extend('force', { SEMLENS_USER_SETTINGS = user_settings }, options.env or {})
end

---@param dispatchers vim.lsp.rpc.Dispatchers
---@param client_config vim.lsp.ClientConfig
---@return vim.lsp.rpc.PublicClient
local function connect(dispatchers, client_config)
  local server_command, problem = server.find(client_config.root_dir)
  if not server_command then
    error(problem, 0)
  end
  local original_on_exit = dispatchers.on_exit
  local is_exiting = false
  local connection
  dispatchers.on_exit = function(code, signal)
    local is_crash = not is_exiting and (code ~= 0 or (signal ~= 0 and signal ~= 15))
    local attached, folders = {}, {}
    for _, client in ipairs(vim.lsp.get_clients({ name = NAME, _uninitialized = true })) do
      if client.rpc == connection then
        attached = vim.tbl_keys(client.attached_buffers)
        for _, folder in ipairs(client.workspace_folders or {}) do
          table.insert(folders, vim.fs.normalize(vim.uri_to_fname(folder.uri)))
        end
      end
    end
    -- After a crash, exit code 0 keeps Neovim from showing a second message.
    original_on_exit(is_crash and 0 or code, is_crash and 0 or signal)
    vim.schedule(function()
      if is_crash and vim.v.exiting == vim.NIL then
        local reason = signal ~= 0 and ('signal %d'):format(signal) or ('exit code %d'):format(code)
        recover(attached, folders, reason)
      elseif vim.v.exiting == vim.NIL then
        M.status = nil
        fire_event('SemlensExit', { reason = 'stopped', is_off = true })
        resolve_waiting('The server was stopped. Any search starts it again.')
      end
    end)
  end
  connection = vim.lsp.rpc.start(server_command.cmd, dispatchers, { cwd = client_config.root_dir, env = environment() })
  local notify = connection.notify
  connection.notify = function(method, params)
    is_exiting = is_exiting or method == 'exit'
    return notify(method, params)
  end
  return connection
end

---@param params lsp.ProgressParams
local function on_progress(err, params, context)
  local partial = partial_handlers[params.token]
  if partial then
    partial(params.value)
    return
  end
  return vim.lsp.handlers['$/progress'](err, params, context)
end

---What `lsp/semlens.lua` returns.
---@return vim.lsp.Config
function M.lsp_config()
  return {
    name = NAME,
    cmd = connect,
    root_dir = function(bufnr, on_dir)
      if is_off or not roots.is_file_buffer(bufnr) then
        return
      end
      local root = roots.find(bufnr)
      local _, problem = server.find(root)
      if problem then
        M.warn_missing_once(problem)
        return
      end
      on_dir(root)
    end,
    reuse_client = reuse,
    settings = { semlens = vim.empty_dict() },
    on_init = function(client)
      for _, folder in ipairs(pending_folders[client.id] or {}) do
        add_folder(client, folder)
      end
      pending_folders[client.id] = nil
      fire_event('SemlensReady', { client_id = client.id })
      resolve_waiting(nil, client)
    end,
    flags = { debounce_text_changes = 40 },
    handlers = {
      ['$/progress'] = on_progress,
      ['semlens/statusChanged'] = function(_, status, context)
        local client = vim.lsp.get_client_by_id(context.client_id)
        if client and not client:is_stopped() then -- a new server numbers its statuses from 1
          fire_event('SemlensStatus', M.update_status(status))
        end
      end,
      ['window/showMessage'] = function(_, message)
        local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }
        M.notify(message.message, levels[message.type])
      end,
    },
  }
end

---Keep the newer of this status and the last one. A response may arrive after a newer notification.
---@param status semlens.Status
---@return semlens.Status the newer one
function M.update_status(status)
  local last = M.status
  if not (last and last.number and status.number and status.number < last.number) then
    M.status = status
  end
  return M.status
end

---Warn that no server was found. Only the first call shows the message, because every new buffer calls this.
---@param problem string
function M.warn_missing_once(problem)
  if not has_warned_missing then
    has_warned_missing = true
    M.warn(problem)
  end
end

---@param bufnr? integer buffer to attach
---@param folder? string the root; default: the root of the buffer
---@return string? problem message for the user; nil: the server is starting
function M.start(bufnr, folder)
  local root = folder or roots.find(bufnr or 0)
  local _, problem = server.find(root)
  if problem then
    return problem
  end
  local client_config = vim.deepcopy(vim.lsp.config[NAME] or M.lsp_config())
  client_config.root_dir = root
  local attach = bufnr ~= nil and roots.is_file_buffer(bufnr)
  local is_started, result = pcall(vim.lsp.start, client_config, {
    bufnr = bufnr,
    attach = attach,
    reuse_client = client_config.reuse_client,
    silent = true,
  })
  if not is_started or not result then
    return ('Cannot start the server. Run `:checkhealth semlens` for the cause. %s'):format(
      type(result) == 'string' and result or ''
    )
  end
end

---Call back with a client that can take requests. Starts the server if it does not run.
---@param callback fun(err: string?, client: vim.lsp.Client?)
function M.with_client(callback)
  local client = M.get()
  if client then
    callback(nil, client)
    return
  end
  table.insert(waiting, callback)
  if any_client() then
    return
  end
  is_off = false
  local problem = M.start(vim.api.nvim_get_current_buf())
  if problem then
    resolve_waiting(problem)
    return
  end
  if not vim.lsp.is_enabled(NAME) then
    vim.lsp.enable(NAME) -- attaches open buffers now, and others when they are opened
  end
end

---Send a request to the server.
---@param method string
---@param params table
---@param on_answer fun(err: string?, result: any, client: vim.lsp.Client?) never called after `cancel`
---@param options? { bufnr?: integer, on_partial?: fun(value: table) }
---@return fun() cancel may be called at any time
function M.request(method, params, on_answer, options)
  options = options or {}
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
    if token then
      partial_handlers[token] = nil
    end
  end
  M.with_client(function(err, ready)
    if is_finished then
      return
    end
    if not ready then
      finish()
      on_answer(err)
      return
    end
    client = ready
    local is_sent
    is_sent, id = client:request(method, params, function(failure, result)
      if is_finished then
        return
      end
      finish()
      on_answer(failure and failure.message, result, client)
    end, options.bufnr)
    if not is_sent then
      finish()
      on_answer('The server is shutting down. Try again in a moment.')
    end
  end)
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
