-- Draws the picker: the rows, the selection, the preview, and the texts on the borders.
local actions = require('semlens.picker.actions')
local client = require('semlens.client')
local guide = require('semlens.picker.guide')
local highlights = require('semlens.highlights')
local hits = require('semlens.hits')
local rows = require('semlens.rows')
local text_of = require('semlens.text')

local M = {}

local api = vim.api
local PREVIEW_DELAY_MS = 25
local namespace = api.nvim_create_namespace('semlens.picker')

---@param buffer integer
---@param lines string[]
---@param spans { [1]: integer, [2]: integer, [3]: integer, [4]: string }[] row, first byte, end byte, group
local function fill(buffer, lines, spans)
  vim.bo[buffer].modifiable = true
  api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for number, span in ipairs(spans) do
    api.nvim_buf_set_extmark(buffer, namespace, span[1], span[2], {
      end_col = span[3],
      hl_group = span[4],
      priority = 100 + math.min(number, 50), -- later spans are drawn on top
    })
  end
end

---@param picker semlens.Picker
function M.list(picker)
  if picker.is_closed then
    return
  end
  local width = api.nvim_win_get_width(picker.windows.list)
  local lines, spans = {}, {}
  if #picker.hits == 0 then
    for number, line in ipairs(guide.lines(picker, width)) do
      lines[number] = line[1]
      spans[number] = { number - 1, 0, #line[1], line[2] }
    end
  end
  local options = {
    width = width - 1,
    icons = picker.options.icons,
    query_words = rows.query_words(picker.text),
    ambiguous = rows.ambiguous(picker.hits),
  }
  local is_dim = picker.result ~= nil and picker.result.nothingFits == true
  for number, hit in ipairs(picker.hits) do
    local row = rows.row(hit, options, picker.marked[hits.key(hit)] == true)
    lines[number] = row.text
    for _, span in ipairs(is_dim and { { 0, #row.text, 'SemlensHint' } } or row.spans) do
      spans[#spans + 1] = { number - 1, span[1], span[2], span[3] }
    end
  end
  fill(picker.buffers.list, lines, spans)
  M.selection(picker)
end

---@param picker semlens.Picker
function M.selection(picker)
  if picker.is_closed then
    return
  end
  vim.wo[picker.windows.list].cursorline = picker.index > 0
  api.nvim_win_set_cursor(picker.windows.list, { math.max(1, picker.index), 0 })
  M.info(picker)
  M.preview(picker)
end

---@param picker semlens.Picker
---@param window integer
---@param hit semlens.Hit?
local function show_preview(picker, window, hit)
  if not hit then
    picker.preview:clear()
    api.nvim_win_set_buf(window, picker.buffers.preview)
    vim.wo[window].number = false
    vim.wo[window].statuscolumn = ''
    api.nvim_win_set_config(window, { title = '', title_pos = 'left' })
    return
  end
  picker.preview:show(window, hit)
  local reasons = hit.reasons and #hit.reasons > 0 and (' · ' .. table.concat(hit.reasons, ', ')) or ''
  local width = api.nvim_win_get_width(window) - 2
  local line = (':%d%s'):format(hits.target(hit).start.line + 1, reasons)
  local path = text_of.cut_start(text_of.printable(hits.path(hit)), math.max(8, width - text_of.width(line)))
  local title = highlights.on_border((' %s%s '):format(path, line), 'SemlensTitle')
  api.nvim_win_set_config(window, { title = title, title_pos = 'left' })
end

---Show the preview after a short delay, so that moving fast through the list reads no files.
---@param picker semlens.Picker
function M.preview(picker)
  picker.timer:stop()
  local window, hit = picker.windows.preview, picker.hits[picker.index]
  if not window then
    return
  end
  picker.timer:start(
    PREVIEW_DELAY_MS,
    0,
    vim.schedule_wrap(function()
      if not picker.is_closed and picker.hits[picker.index] == hit and picker.windows.preview == window then
        show_preview(picker, window, hit)
      end
    end)
  )
end

---@param picker semlens.Picker
---@return string text number of hits and progress of the index
---@return string group
function M.count(picker)
  local parts, group = {}, 'SemlensCount'
  if picker.needs_retry then
    return 'the server is restarting …', 'SemlensWarn'
  elseif picker.is_slow then
    return client.get() and 'searching …' or 'the server is starting …', 'SemlensWarn'
  elseif #picker.hits > 0 then
    -- With as many hits as were asked for, there may be more.
    local more = #picker.hits >= picker.options.limit and picker.source.live and '+' or ''
    table.insert(parts, ('%d/%d%s'):format(picker.index, #picker.hits, more))
    local n_marked = #vim.tbl_filter(function(hit)
      return picker.marked[hits.key(hit)] == true
    end, picker.hits)
    if n_marked > 0 then
      table.insert(parts, ('%d marked'):format(n_marked))
    end
  elseif picker.result then
    table.insert(parts, '0')
  end
  local status = client.status
  local progress = require('semlens.status').progress_text(status)
  if progress then
    table.insert(parts, progress)
    group = 'SemlensWarn'
  elseif status and (status.state == 'paused' or status.state == 'degraded') then
    table.insert(parts, status.state)
    group = 'SemlensWarn'
  end
  return table.concat(parts, ' · '), group
end

---@param picker semlens.Picker
---@return string text a problem or note about the query; without one, the keys
---@return string group
local function footer(picker)
  local note = picker.result and picker.result.notes and picker.result.notes[1]
  if picker.problem and #picker.hits > 0 then
    return (' %s '):format(picker.problem), 'SemlensError'
  elseif note and #picker.hits > 0 then
    return (' %s '):format(note), 'SemlensWarn'
  elseif picker.result and picker.result.nothingFits and #picker.hits > 0 then
    return ' Nothing here seems to fit. The nearest code: ', 'SemlensWarn'
  end
  return actions.footer(picker.options, api.nvim_win_get_width(picker.windows.list)), 'SemlensHint'
end

---Draw the texts on the borders and the hint of an empty prompt.
---@param picker semlens.Picker
function M.info(picker)
  if picker.is_closed then
    return
  end
  local width = api.nvim_win_get_width(picker.windows.list)
  api.nvim_buf_clear_namespace(picker.buffers.prompt, namespace, 0, -1)
  if picker.text == '' then
    api.nvim_buf_set_extmark(picker.buffers.prompt, namespace, 0, 0, {
      virt_text = { { text_of.cut_end(picker.source.hint, width - 4), 'SemlensHint' } },
      virt_text_pos = 'overlay',
    })
  end
  local count, count_group = M.count(picker)
  count = count ~= '' and (' %s '):format(count) or ''
  local footer_text, footer_group = footer(picker)
  local border_key = table.concat({ width, count, count_group, footer_text, footer_group }, '\0')
  if border_key == picker.border_key then
    return -- setting a border redraws the whole screen
  end
  picker.border_key = border_key
  local function border_text(text, group)
    return highlights.on_border(text_of.cut_end(text, width), group)
  end
  api.nvim_win_set_config(picker.windows.prompt, {
    title = border_text((' %s '):format(picker.source.title), 'SemlensTitle'),
    title_pos = 'left',
  })
  api.nvim_win_set_config(picker.windows.list, {
    title = border_text(count, count_group),
    title_pos = 'right',
    footer = border_text(footer_text, footer_group),
    footer_pos = 'left',
  })
end

return M
