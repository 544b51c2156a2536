-- The one language client, which serves all roots. It restarts a server that ended. `restart` decides when, `server`
-- finds the program, and `requests` sends. A shared server may end because of another client, so its loss is no message
-- to the user.
local config = require('semlens.config')
local log = require('semlens.log')
local messages = require('semlens.messages')
local requests = require('semlens.requests')
local restart = require('semlens.restart')
local roots = require('semlens.roots')
local server = require('semlens.server')

local M = {}

local NAME = 'semlens'

---@type fun(err: string?, client: vim.lsp.Client?)[]
local waiting = {}
---@type table<integer, string[]> by client id: folders to add once that client is initialized
local pending_folders = {}
---@type { buffers: table<integer, true>, folders: table<string, true> } of a lost server, for the next one
local lost = { buffers = {}, folders = {} }
---@type integer? when the server could take requests
local ready_ms
local is_restarting = false
local is_off = false
local has_warned_missing = false
local has_warned_of_settings = false

---@type semlens.Status?
M.status = nil

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

---Answer everybody who waits for a server or for its answer: none comes.
---@param problem string
local function stop_waiting(problem)
  requests.fail_all(problem)
  resolve_waiting(problem)
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

---Give the folders and the buffers of a lost server to a new one. Neovim sends the text of each buffer.
local function restore()
  local folders, buffers = lost.folders, lost.buffers
  lost = { buffers = {}, folders = {} }
  is_restarting = false
  for folder in vim.spairs(folders) do
    M.start(nil, folder)
  end
  for bufnr in vim.spairs(buffers) do
    if vim.api.nvim_buf_is_valid(bufnr) and roots.is_file_buffer(bufnr) then
      M.start(bufnr)
    end
  end
  if #waiting > 0 and not any_client() then
    local problem = M.start(vim.api.nvim_get_current_buf())
    if problem then
      resolve_waiting(problem)
    end
  end
end

---@param reason string
---@param is_shared boolean
local function recover(reason, is_shared)
  local now_ms = vim.uv.now()
  local life_ms = ready_ms and now_ms - ready_ms or 0
  local was_ready = ready_ms ~= nil
  local delay_ms
  if is_shared then
    delay_ms = restart.after_loss(life_ms)
  else
    delay_ms = restart.after_crash(now_ms, was_ready)
  end
  M.status = nil
  ready_ms = nil
  is_off = delay_ms == nil
  is_restarting = not is_off
  fire_event('SemlensExit', { reason = reason, is_off = is_off })
  if not delay_ms then
    local code = is_shared and 'LOST_SHARED' or was_ready and 'CRASHED_AGAIN' or 'ENDED_AT_START'
    messages.say(code, reason)
    stop_waiting(messages.text(code, reason))
    return
  end
  if not is_shared and was_ready then
    messages.say('CRASHED', reason)
  end
  requests.send_again()
  -- Not at once: Neovim removes the dead client in a scheduled call.
  vim.defer_fn(restore, delay_ms)
end

---@param dispatchers vim.lsp.rpc.Dispatchers
---@param client_config vim.lsp.ClientConfig
---@return vim.lsp.rpc.PublicClient
local function connect(dispatchers, client_config)
  local server_command, problem = server.find(client_config.root_dir)
  if not server_command then
    error(problem, 0)
  end
  local is_shared = server.is_shared()
  local original_on_exit = dispatchers.on_exit
  local is_exiting = false
  local connection
  dispatchers.on_exit = function(code, signal)
    local is_crash = not is_exiting and (code ~= 0 or (signal ~= 0 and signal ~= 15))
    for _, client in ipairs(vim.lsp.get_clients({ name = NAME, _uninitialized = true })) do
      if is_crash and client.rpc == connection then
        lost.buffers = vim.tbl_extend('force', lost.buffers, client.attached_buffers)
        for _, folder in ipairs(client.workspace_folders or {}) do
          lost.folders[vim.fs.normalize(vim.uri_to_fname(folder.uri))] = true
        end
      end
    end
    -- After a crash, exit code 0 keeps Neovim from showing a second message.
    original_on_exit(is_crash and 0 or code, is_crash and 0 or signal)
    vim.schedule(function()
      log.write(vim.log.levels.INFO, ('the server ended: exit code %s, signal %s'):format(code, signal))
      if is_crash and vim.v.exiting == vim.NIL then
        local reason = signal ~= 0 and ('signal %d'):format(signal) or ('exit code %d'):format(code)
        recover(reason, is_shared)
      elseif vim.v.exiting == vim.NIL then
        M.status = nil
        fire_event('SemlensExit', { reason = 'stopped', is_off = true })
        stop_waiting('The server was stopped. Any search starts it again.')
      end
    end)
  end
  ready_ms = nil
  log.write(vim.log.levels.INFO, 'starting ' .. table.concat(server.serve_command(server_command), ' '))
  connection = vim.lsp.rpc.start(
    server.serve_command(server_command),
    dispatchers,
    { cwd = client_config.root_dir, env = server.environment() }
  )
  local notify = connection.notify
  connection.notify = function(method, params)
    is_exiting = is_exiting or method == 'exit'
    return notify(method, params)
  end
  return connection
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
      M.warn_of_settings_once()
      local root = roots.find(bufnr)
      local _, problem, is_missing = server.find(root)
      if problem then
        M.warn_missing_once(problem, is_missing)
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
      ready_ms = vim.uv.now()
      restart.started()
      -- Scheduled, so that requests come after the text of the buffers, which Neovim sends now.
      vim.schedule(function()
        if not client:is_stopped() then
          fire_event('SemlensReady', { client_id = client.id })
          resolve_waiting(nil, client)
        end
      end)
    end,
    flags = { debounce_text_changes = 40 },
    handlers = {
      ['$/progress'] = requests.on_progress,
      ['semlens/statusChanged'] = function(_, status, context)
        local client = vim.lsp.get_client_by_id(context.client_id)
        if client and not client:is_stopped() then -- a new server numbers its statuses from 1
          fire_event('SemlensStatus', M.update_status(status))
        end
      end,
      ['window/showMessage'] = function(_, message)
        local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }
        messages.show(message.message, levels[message.type])
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

---Tell the user of wrong settings. Only the first call does, because every new buffer calls this.
function M.warn_of_settings_once()
  local problems = has_warned_of_settings and {} or config.problems()
  has_warned_of_settings = true
  if #problems > 0 then
    local more = #problems > 1 and (' `:checkhealth semlens` shows %d more.'):format(#problems - 1) or ''
    messages.say('WRONG_SETTING', problems[1] .. more)
  end
end

---Warn that no server was found. Only the first call shows the message, because every new buffer calls this.
---@param problem string
---@param is_missing? boolean it is not installed
function M.warn_missing_once(problem, is_missing)
  if not has_warned_missing then
    has_warned_missing = true
    log.write(vim.log.levels.WARN, problem)
    if is_missing then
      messages.say('NO_SERVER')
    else
      messages.say('WRONG_SETTING', problem)
    end
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
    return messages.text('CANNOT_START', type(result) == 'string' and result or '')
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
  if any_client() or is_restarting then
    return
  end
  is_off = false
  restore()
  if not vim.lsp.is_enabled(NAME) then
    vim.lsp.enable(NAME) -- attaches open buffers now, and others when they are opened
  end
end

---See `requests.send`.
M.request = requests.send

return M
