-- The status of the index as text: for the status line, and as a report window that updates while it is open.
local client = require('semlens.client')
local highlights = require('semlens.highlights')
local text_of = require('semlens.text')

local M = {}

local api = vim.api
local namespace = api.nvim_create_namespace('semlens.status')
---@type { window: integer, buffer: integer }?
local report

---@param number number
---@return string with thousands separators
function M.format_count(number)
  local text = ('%d'):format(number)
  return (text:reverse():gsub('(%d%d%d)', '%1,'):reverse():gsub('^,', ''))
end

---@param n_bytes number
---@return string
local function format_bytes(n_bytes)
  return n_bytes >= 1e9 and ('%.1f GB'):format(n_bytes / 1e9) or ('%.1f MB'):format(n_bytes / 1e6)
end

---State and progress of the first index; nil when it is complete.
---@param status semlens.Status?
---@return string?
function M.progress_text(status)
  if not status or status.complete then
    return nil
  end
  local n_done, n_all = 0, 0
  for _, root in ipairs(status.roots) do
    n_done, n_all = n_done + root.files, n_all + root.files + root.pending
  end
  if n_all == 0 or n_done >= n_all then
    return status.state
  end
  return ('%s %d%%'):format(status.state, math.floor(100 * n_done / n_all))
end

---How much is indexed, as in `1,234 symbols of 56 files`.
---@param status semlens.Status
---@return string
function M.size_text(status)
  local n_files, n_symbols = 0, 0
  for _, root in ipairs(status.roots) do
    n_files, n_symbols = n_files + root.files, n_symbols + root.symbols
  end
  return ('%s symbols of %s files'):format(M.format_count(n_symbols), M.format_count(n_files))
end

---Text for a status line; empty while the server does not run.
---@return string
function M.statusline()
  local status = client.status
  if not status then
    return ''
  end
  local progress = M.progress_text(status)
  if status.state == 'ready' then
    return status.refining and 'semlens …' or 'semlens'
  end
  return 'semlens ' .. (progress or status.state)
end

---@param status semlens.Status
---@return { [1]: string, [2]: string? }[] lines and their groups
function M.lines(status)
  local lines = {}
  local function add(text, group)
    lines[#lines + 1] = { text_of.printable(text), group }
  end
  local state_group = status.state == 'ready' and 'SemlensGood' or 'SemlensWarn'
  local state = M.progress_text(status) or status.state
  add((' %s%s, generation %d'):format(state, status.refining and ', refining' or '', status.generation), state_group)
  for _, root in ipairs(status.roots) do
    add('')
    add(' ' .. vim.fn.fnamemodify(vim.uri_to_fname(root.uri), ':~'), 'SemlensPath')
    add(
      ('   %s files, %s symbols, watched: %s'):format(
        M.format_count(root.files),
        M.format_count(root.symbols),
        root.watching
      )
    )
    if root.pending > 0 then
      add(('   %s files pending'):format(M.format_count(root.pending)))
    end
    local reasons = {}
    for reason, number in vim.spairs(root.skipped) do
      if number > 0 then
        table.insert(reasons, ('%s %s'):format(M.format_count(number), reason))
      end
    end
    if #reasons > 0 then
      add('   skipped: ' .. table.concat(reasons, ', '), 'SemlensHint')
    end
  end
  if #status.roots == 0 then
    add('')
    add(' No folder is indexed. Open a file of a project.', 'SemlensWarn')
  end
  add('')
  for _, tier in ipairs(status.tiers) do
    local pending = tier.pending > 0 and (', %s pending'):format(M.format_count(tier.pending)) or ''
    add((' %s (%s): %s embedded%s'):format(tier.model, tier.role, M.format_count(tier.embedded), pending))
  end
  if #status.tiers == 0 then
    add(' No model is in use: search finds names and words only.', 'SemlensWarn')
  end
  add(
    (' memory %s, index on disk %s'):format(format_bytes(status.rssBytes), format_bytes(status.indexBytes)),
    'SemlensHint'
  )
  for _, service in ipairs(status.remote or {}) do
    add((' sent to %s: %s texts'):format(service.service, M.format_count(service.texts)), 'SemlensWarn')
  end
  if #(status.remote or {}) == 0 then
    add(' Nothing leaves this machine.', 'SemlensHint')
  end
  for index, problem in ipairs(status.problems) do
    if index == 1 then
      add('')
    elseif index > 10 then
      add((' and %d more'):format(#status.problems - 10), 'SemlensHint')
      break
    end
    add((' %s: %s'):format(problem.path, problem.message), 'SemlensWarn')
  end
  return lines
end

---@param status semlens.Status
local function draw(status)
  if not report or not api.nvim_win_is_valid(report.window) then
    return
  end
  local lines = M.lines(status)
  local width = 40
  for _, line in ipairs(lines) do
    width = math.max(width, vim.api.nvim_strwidth(line[1]) + 2)
  end
  vim.bo[report.buffer].modifiable = true
  api.nvim_buf_set_lines(
    report.buffer,
    0,
    -1,
    false,
    vim.tbl_map(function(line)
      return line[1]
    end, lines)
  )
  vim.bo[report.buffer].modifiable = false
  api.nvim_buf_clear_namespace(report.buffer, namespace, 0, -1)
  for row, line in ipairs(lines) do
    if line[2] and #line[1] > 0 then
      api.nvim_buf_set_extmark(report.buffer, namespace, row - 1, 0, { end_col = #line[1], hl_group = line[2] })
    end
  end
  width = math.max(1, math.min(width, vim.o.columns - 4))
  local height = math.max(1, math.min(#lines, vim.o.lines - 6))
  api.nvim_win_set_config(report.window, {
    relative = 'editor',
    width = width,
    height = height,
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    col = math.floor((vim.o.columns - width) / 2),
  })
end

---@param status semlens.Status
local function show(status)
  status = client.update_status(status)
  if report and api.nvim_win_is_valid(report.window) then
    api.nvim_win_close(report.window, true) -- it may be in another tab
  end
  highlights.define()
  local buffer = api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].filetype = 'semlens-status'
  local window = api.nvim_open_win(buffer, true, {
    relative = 'editor',
    row = 1,
    col = 1,
    width = 40,
    height = 4,
    style = 'minimal',
    border = vim.o.winborder ~= '' and vim.o.winborder or 'rounded',
    title = highlights.on_border(' semlens ', 'SemlensTitle'),
  })
  vim.wo[window].wrap = false
  vim.wo[window].winhighlight = highlights.window
  report = { window = window, buffer = buffer }
  local group = api.nvim_create_augroup('semlens.status', {})
  api.nvim_create_autocmd('User', {
    group = group,
    pattern = 'SemlensStatus',
    callback = function(event)
      draw(event.data)
    end,
  })
  api.nvim_create_autocmd('BufWipeout', {
    buffer = buffer,
    callback = function()
      report = nil
      pcall(api.nvim_del_augroup_by_id, group)
    end,
  })
  for _, key in ipairs({ 'q', '<Esc>' }) do
    vim.keymap.set('n', key, '<Cmd>close<CR>', { buffer = buffer, nowait = true })
  end
  draw(status)
end

---Open the report.
function M.open()
  client.request('semlens/status', vim.empty_dict(), function(err, status)
    if err then
      require('semlens.messages').say('FAILED', err)
    else
      show(status)
    end
  end)
end

return M
