-- What to do with a hit: say where it is, go there, hand it to the quickfix list.
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
---@return string lower-case name of its kind
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

---Relative to its root as the server said, else to the working directory.
---@param hit semlens.Hit
---@return string
function M.path(hit)
  if hit.path and hit.path ~= '' then
    return hit.path
  end
  return vim.fn.fnamemodify(M.file(hit), ':~:.')
end

---@param hit semlens.Hit
---@return semlens.Range the name's, else the whole
function M.target(hit)
  return hit.selectionRange or hit.location.range
end

---What makes it the same hit in another answer to the same question.
---@param hit semlens.Hit
---@return string
function M.key(hit)
  return table.concat({ hit.location.uri, hit.name, M.target(hit).start.line }, '\0')
end

---@param hit semlens.Hit
---@param how 'open'|'split'|'vsplit'|'tab'
---@param encoding string
function M.jump(hit, how, encoding)
  if how == 'tab' then
    vim.cmd('tab split')
  elseif how ~= 'open' then
    vim.cmd(how)
  end
  local target = { uri = hit.location.uri, range = M.target(hit) }
  vim.lsp.util.show_document(target, encoding, { focus = true })
  vim.cmd('normal! zz')
end

---@param hit semlens.Hit
---@param encoding string
---@return vim.quickfix.entry
function M.to_quickfix(hit, encoding)
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
    text = ('%s%s'):format(hit.dirty and '[+] ' or '', vim.trim((text or hit.name):gsub('%s+', ' '))),
  }
end

---Into a new quickfix list, in this order.
---@param hits semlens.Hit[]
---@param title string
---@param encoding string
function M.set_quickfix(hits, title, encoding)
  local items = vim.tbl_map(function(hit)
    return M.to_quickfix(hit, encoding)
  end, hits)
  vim.fn.setqflist({}, ' ', { title = title, items = items })
  vim.cmd('botright copen')
end

return M
