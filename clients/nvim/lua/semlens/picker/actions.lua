-- What the keys of the picker do. Actions get the picker; only `map` knows about keys.
local hits = require('semlens.hits')
local history = require('semlens.history')

local M = {}

---@type table<string, fun(picker: semlens.Picker)>
M.actions = {}
---In the order in which people are told of them.
local TOLD = {
  { 'open', 'open' },
  { 'split', 'split' },
  { 'vsplit', 'vsplit' },
  { 'tab', 'tab' },
  { 'quickfix', 'quickfix' },
  { 'mark', 'mark' },
  { 'toggle_preview', 'preview' },
  { 'older', 'older question' },
  { 'newer', 'newer question' },
  { 'preview_down', 'preview down' },
  { 'preview_up', 'preview up' },
  { 'close', 'close' },
}

---@return string
local function encoding()
  local client = require('semlens.client').get()
  return client and client.offset_encoding or 'utf-8'
end

---Close, then act when insert mode is really left: it moves the cursor by one on its way out.
---@param picker semlens.Picker
---@param act fun()
local function leave(picker, act)
  picker:close()
  local function when_normal(tries)
    vim.schedule(function()
      if tries > 0 and vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' then
        when_normal(tries - 1)
      else
        act()
      end
    end)
  end
  when_normal(20)
end

for _, how in ipairs({ 'open', 'split', 'vsplit', 'tab' }) do
  M.actions[how] = function(picker)
    local hit = picker.hits[picker.index]
    if not hit then
      return
    end
    leave(picker, function()
      hits.jump(hit, how, encoding())
    end)
  end
end

function M.actions.quickfix(picker)
  local chosen = vim.tbl_filter(function(hit)
    return picker.marked[hits.key(hit)] == true
  end, picker.hits)
  chosen = #chosen > 0 and chosen or picker.hits
  if #chosen == 0 then
    return
  end
  local title = picker.text ~= '' and ('%s: %s'):format(picker.source.title, picker.text) or picker.source.title
  leave(picker, function()
    hits.set_quickfix(chosen, title, encoding())
  end)
end

function M.actions.next(picker)
  picker:select(picker.index < #picker.hits and picker.index + 1 or 1)
end

function M.actions.previous(picker)
  picker:select(picker.index > 1 and picker.index - 1 or #picker.hits)
end

function M.actions.page_down(picker)
  picker:select(picker.index + vim.api.nvim_win_get_height(picker.windows.list))
end

function M.actions.page_up(picker)
  picker:select(picker.index - vim.api.nvim_win_get_height(picker.windows.list))
end

local function scroll(picker, key)
  local window = picker.windows.preview
  if window then
    vim.api.nvim_win_call(window, function()
      vim.cmd('normal! ' .. vim.keycode(key))
    end)
  end
end

function M.actions.preview_down(picker)
  scroll(picker, '<C-d>')
end

function M.actions.preview_up(picker)
  scroll(picker, '<C-u>')
end

function M.actions.mark(picker)
  local hit = picker.hits[picker.index]
  if hit then
    local key = hits.key(hit)
    picker.marked[key] = not picker.marked[key] or nil
    local index = picker.index
    picker:render()
    picker:select(math.min(#picker.hits, index + 1))
  end
end

local function recall(picker, step)
  local all = history.all()
  local index = math.max(0, math.min(#all, picker.history_index + step))
  if index ~= picker.history_index then
    picker.draft = picker.history_index == 0 and picker.text or picker.draft
    picker.history_index = index
    picker:set_text(index == 0 and picker.draft or all[index])
  end
end

function M.actions.older(picker)
  recall(picker, 1)
end

function M.actions.newer(picker)
  recall(picker, -1)
end

function M.actions.toggle_preview(picker)
  picker.options.preview = not picker.options.preview
  picker:resize()
end

function M.actions.help(picker)
  local lines = {}
  for _, told in ipairs(TOLD) do
    local keys = picker.options.keys[told[1]]
    if keys then
      table.insert(lines, ('%-16s %s'):format(table.concat(type(keys) == 'table' and keys or { keys }, ' '), told[2]))
    end
  end
  vim.notify(table.concat(lines, '\n'))
end

function M.actions.close(picker)
  picker:close()
end

---@param options semlens.PickerOptions
---@param width integer
---@return string as many keys as there is room for
function M.footer(options, width)
  local text = ''
  for index = 1, 5 do
    local keys = options.keys[TOLD[index][1]]
    if keys then
      local key = type(keys) == 'table' and keys[1] or keys --[[@as string]]
      local more = ('%s %s '):format(key:gsub('[<>]', ''):gsub('^C%-', '^'), TOLD[index][2])
      if #text + #more + 2 > width then
        break
      end
      text = text .. ' ' .. more
    end
  end
  return text
end

---@param picker semlens.Picker
function M.map(picker)
  local buffer = picker.buffers.prompt
  for name, keys in pairs(picker.options.keys) do
    local action = M.actions[name]
    for _, key in ipairs(keys and action and (type(keys) == 'table' and keys or { keys }) or {}) do
      vim.keymap.set({ 'i', 'n' }, key, function()
        action(picker)
      end, { buffer = buffer, nowait = true, desc = 'semlens: ' .. name })
    end
  end
  local normal = { j = 'next', k = 'previous', q = 'close', ['<Esc>'] = 'close' }
  for key, name in pairs(normal) do
    vim.keymap.set('n', key, function()
      M.actions[name](picker)
    end, { buffer = buffer, nowait = true, desc = 'semlens: ' .. name })
  end
end

return M
