-- Values and actions of a hit: its kind, path and place; jump to it; list it in the quickfix list.
local text_of = require('semlens.text')

local M = {}

local KINDS = {
  'file',
  'module',
  'namespace',
  'package',
  'class',
  'method',
  'property',
  'field',
  'constructor',
  'enum',
  'interface',
  'function',
  'variable',
  'constant',
  'string',
  'number',
  'boolean',
  'array',
  'object',
  'key',
  'null',
  'enummember',
  'struct',
  'event',
  'operator',
  'typeparameter',
} -- stylua: ignore

---@param hit semlens.Hit
---@return string lower-case name of the symbol kind
function M.kind(hit)
  return KINDS[hit.kind] or 'symbol'
end

---@return string[]
function M.kinds()
  return vim.deepcopy(KINDS)
end

---@param hit semlens.Hit
---@return string
function M.file(hit)
  return vim.uri_to_fname(hit.location.uri)
end

---What is said before a hit that is not simply a file on disk.
---@param hit semlens.Hit
---@return string
function M.mark(hit)
  return (hit.dirty and '[+] ' or '') .. (hit.team and '[team] ' or '')
end

---The path that the server gives, relative to the root; without one, relative to the working directory.
---@param hit semlens.Hit
---@return string of the team's server, it begins with the repository
function M.path(hit)
  if hit.team and hit.path then
    return hit.team .. '/' .. hit.path
  end
  if hit.path and hit.path ~= '' then
    return hit.path
  end
  return vim.fn.fnamemodify(M.file(hit), ':~:.')
end

---@param hit semlens.Hit
---@return semlens.Range of the name; without one, of the whole symbol
function M.target(hit)
  return hit.selectionRange or hit.location.range
end

---Identifies a hit across several results of the same query.
---@param hit semlens.Hit
---@return string
function M.key(hit)
  return table.concat({ hit.location.uri, hit.name, M.target(hit).start.line }, '\0')
end

---@param path string
---@return integer? number of the file's buffer, if one is loaded
function M.loaded_buffer(path)
  -- `bufnr(path)` would read the path as a pattern.
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.api.nvim_buf_get_name(buffer) == path then
      return buffer
    end
  end
end

---@param hit semlens.Hit
---@return boolean whether the file is on disk or in a loaded buffer
function M.exists(hit)
  local path = M.file(hit)
  return vim.uv.fs_stat(path) ~= nil or M.loaded_buffer(path) ~= nil
end

---The hits whose name, container or path contains every word of the text. Keeps the order.
---@param hits semlens.Hit[]
---@param text string
---@return semlens.Hit[]
function M.matching(hits, text)
  local words = vim.split(text:lower(), '%s+', { trimempty = true })
  return vim.tbl_filter(function(hit)
    local all = ('%s.%s %s'):format(hit.containerName or '', hit.name, M.path(hit)):lower()
    return vim.iter(words):all(function(word)
      return all:find(word, 1, true) ~= nil
    end)
  end, hits)
end

---@return string position encoding that was agreed with the server
local function encoding_of_server()
  local client = require('semlens.client').get()
  return client and client.offset_encoding or 'utf-8'
end

---@param hit semlens.Hit
---@param command 'open'|'split'|'vsplit'|'tab'
function M.jump(hit, command)
  if command == 'tab' then
    vim.cmd('tab split')
  elseif command ~= 'open' then
    vim.cmd(command)
  elseif vim.wo.winfixbuf then
    vim.cmd('split')
  end
  vim.wo.winfixbuf = false
  local encoding = encoding_of_server()
  local is_shown, problem = pcall(vim.lsp.util.show_document, { uri = hit.location.uri }, encoding, { focus = true })
  if is_shown then
    local start = M.target(hit).start
    local row = math.min(start.line + 1, vim.api.nvim_buf_line_count(0)) -- the file may be shorter by now
    local column = vim.str_byteindex(vim.fn.getline(row), encoding, start.character, false)
    vim.api.nvim_win_set_cursor(0, { row, column })
    vim.cmd('normal! zvzz')
  else
    local message = tostring(problem):match('E%d+:.*') or tostring(problem)
    require('semlens.messages').say('CANNOT_OPEN', M.path(hit), message)
  end
end

---@param hit semlens.Hit
---@return vim.quickfix.entry
function M.to_quickfix(hit)
  local encoding = encoding_of_server()
  local start = M.target(hit).start
  local column = start.character
  if encoding ~= 'utf-8' then
    local target = { uri = hit.location.uri, range = M.target(hit) }
    column = vim.lsp.util.locations_to_items({ target }, encoding)[1].col - 1
  end
  local text = hit.signature ~= '' and hit.signature or hit.name
  return {
    filename = M.file(hit),
    lnum = start.line + 1,
    col = column + 1,
    text = ('%s%s'):format(M.mark(hit), vim.trim(text_of.printable(text or hit.name))),
  }
end

---Put hits into a new quickfix list, in this order, and open it.
---@param hits semlens.Hit[]
---@param title string
function M.set_quickfix(hits, title)
  vim.fn.setqflist({}, ' ', { title = title, items = vim.tbl_map(M.to_quickfix, hits) })
  vim.cmd('botright copen')
end

return M
