-- The preview: shows the file of a hit from its buffer or from disk, scrolled to the hit. Reads files asynchronously.
local highlights = require('semlens.highlights')
local hits = require('semlens.hits')
local text_of = require('semlens.text')

local M = {}
M.__index = M

local MAX_BYTES = 1000000 -- of a larger file only the snippet is shown
local MAX_LINES = 20000 -- a larger buffer is read from disk instead
local MAX_FILES = 12 -- cached buffers
local MAX_LINE_BYTES = 2000 -- longer lines are truncated, because they make Neovim redraw slowly
local namespace = vim.api.nvim_create_namespace('semlens.preview')

---@class semlens.Preview
---@field buffers table<string, integer> by path of a file, or by key of a hit for a buffer with only its snippet
---@field order string[] keys of `buffers`, oldest first
---@field offsets table<integer, integer> by buffer with only a snippet: line of the file where the snippet starts
---@field requested_key string? key of the hit to show
---@return semlens.Preview
function M.new()
  return setmetatable({ buffers = {}, order = {}, offsets = {}, requested_key = nil }, M)
end

---@param text string
---@return string[]
local function to_lines(text)
  local lines = vim.split(text, '\n', { plain = true })
  for index, line in ipairs(lines) do
    line = line:sub(-1) == '\r' and line:sub(1, -2) or line
    lines[index] = text_of.first_bytes(line, MAX_LINE_BYTES):gsub('%z', ' ')
  end
  return lines
end

---@param path string
---@param on_text fun(text: string?) nil: the file is unreadable or too large
local function read(path, on_text)
  local answer = vim.schedule_wrap(on_text)
  vim.uv.fs_open(path, 'r', 0, function(open_error, descriptor)
    if open_error or not descriptor then
      return answer(nil)
    end
    local function finish(text)
      vim.uv.fs_close(descriptor, function() end)
      answer(text)
    end
    vim.uv.fs_fstat(descriptor, function(stat_error, stat)
      if stat_error or not stat or stat.type ~= 'file' or stat.size > MAX_BYTES then
        return finish(nil)
      end
      vim.uv.fs_read(descriptor, stat.size, 0, function(read_error, data)
        finish(not read_error and data or nil)
      end)
    end)
  end)
end

---@param path string
---@param lines string[]
---@param tabstop? integer
---@return integer
local function make_buffer(path, lines, tabstop)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].tabstop = tabstop or vim.go.tabstop
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  -- Setting 'filetype' would run autocommands that start servers and plugins in the preview.
  local filetype = vim.filetype.match({ filename = path, contents = vim.list_slice(lines, 1, 20) })
  if filetype then
    local language = vim.treesitter.language.get_lang(filetype) or filetype
    local has_parser = vim.treesitter.language.add(language)
    if not (has_parser and pcall(vim.treesitter.start, buffer, language)) then
      vim.bo[buffer].syntax = filetype
      vim.api.nvim_buf_call(buffer, function()
        -- Otherwise a hit far down in a file may need the syntax from its start, and Neovim stands still meanwhile.
        vim.cmd('syntax sync minlines=100 maxlines=300')
      end)
    end
  end
  return buffer
end

---@param path string
---@param buffer integer
function M:cache_buffer(path, buffer)
  self.buffers[path] = buffer
  table.insert(self.order, path)
  if #self.order > MAX_FILES then
    local oldest = table.remove(self.order, 1)
    local old = self.buffers[oldest]
    self.buffers[oldest] = nil
    pcall(vim.api.nvim_buf_delete, old, { force = true })
  end
end

---@param window integer
---@param buffer integer
---@param hit semlens.Hit
function M:display(window, buffer, hit)
  if not vim.api.nvim_win_is_valid(window) then
    return
  end
  vim.api.nvim_win_set_buf(window, buffer)
  vim.wo[window].number = true
  vim.wo[window].wrap = false
  vim.wo[window].winhighlight = highlights.window
  local offset = self.offsets[buffer] or 0
  vim.wo[window].statuscolumn = offset > 0 and ('%%#LineNr#%%{v:lnum + %d} '):format(offset) or ''
  local n_lines = vim.api.nvim_buf_line_count(buffer)
  local function mark(range, group)
    for line = range.start.line, math.min(range['end'].line, range.start.line + 400) do
      local row = line - offset
      local is_end = line == range['end'].line and range['end'].character == 0 and line > range.start.line
      if row >= 0 and row < n_lines and not is_end then
        vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, { line_hl_group = group })
      end
    end
  end
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local name = hits.target(hit)
  for _, range in ipairs(hit.highlights or {}) do
    mark(range, 'SemlensMatch')
  end
  if #(hit.highlights or {}) == 0 then
    mark({ start = name.start, ['end'] = name.start }, 'SemlensMatch')
  end
  local first = math.max(0, hit.location.range.start.line - offset)
  vim.api.nvim_win_call(window, function()
    local cursor = math.min(n_lines, math.max(1, name.start.line - offset + 1))
    vim.api.nvim_win_set_cursor(window, { cursor, 0 })
    local top = math.max(1, math.min(first + 1, cursor) - 3)
    vim.fn.winrestview({ topline = top, leftcol = 0 })
  end)
end

---Show a hit in a window once its file is read, unless another hit was requested meanwhile.
---@param window integer
---@param hit semlens.Hit
function M:show(window, hit)
  local path = hits.file(hit)
  local key = hits.key(hit)
  self.requested_key = key
  local cached = self.buffers[path]
  if cached and not self.offsets[cached] and vim.api.nvim_buf_is_valid(cached) then
    self:display(window, cached, hit)
    return
  end
  local open = hits.loaded_buffer(path)
  if open and vim.api.nvim_buf_line_count(open) < MAX_LINES then
    local lines = vim.api.nvim_buf_get_lines(open, 0, -1, false)
    self:cache_buffer(path, make_buffer(path, to_lines(table.concat(lines, '\n')), vim.bo[open].tabstop))
    self:display(window, self.buffers[path], hit)
    return
  end
  read(path, function(text)
    if self.requested_key ~= key or self.is_closed then
      return
    end
    local file = text and path or key
    if not self.buffers[file] then
      self:cache_buffer(file, make_buffer(path, to_lines(text or (hit.snippet and hit.snippet.text) or '')))
      if not text and hit.snippet then
        self.offsets[self.buffers[file]] = hit.snippet.range.start.line
      end
    end
    self:display(window, self.buffers[file], hit)
  end)
end

function M:clear()
  self.requested_key = nil
end

function M:close()
  self.is_closed = true
  self.requested_key = nil
  for _, buffer in pairs(self.buffers) do
    pcall(vim.api.nvim_buf_delete, buffer, { force = true })
  end
  self.buffers = {}
end

return M
