-- :checkhealth semlens

local M = {}

function M.check()
  vim.health.start('semlens')
  if vim.fn.has('nvim-0.11') == 1 then
    vim.health.ok('Neovim is 0.11 or later')
  else
    vim.health.error('Neovim 0.11 is needed', 'Install a later Neovim.')
    return
  end
  local config = vim.lsp.config.semlens
  local command = config and config.cmd and config.cmd[1] or 'semlens'
  if vim.fn.executable(command) == 1 then
    vim.health.ok(('`%s` can be started'):format(command))
  else
    vim.health.error(('`%s` is not on the path'):format(command), "Install the server: pip install semlens; or set `cmd`.")
  end
  if not vim.lsp.is_enabled('semlens') then
    vim.health.warn('The server is not enabled', "Call require('semlens').setup() in your configuration.")
  end
  local client = require('semlens.server').client()
  if not client then
    vim.health.info('No server runs: open a file of a project.')
    return
  end
  local answer = client:request_sync('semlens/status', {}, 2000)
  local status = answer and answer.result
  if not status then
    vim.health.error('The server does not answer', 'See :lua vim.cmd.edit(vim.lsp.log.get_filename())')
    return
  end
  vim.health.ok(('The server is %s'):format(status.state))
  for _, root in ipairs(status.roots) do
    local path = vim.uri_to_fname(root.uri)
    vim.health.info(('%s: %d files, %d symbols, watched: %s'):format(path, root.files, root.symbols, root.watching))
  end
  for _, problem in ipairs(status.problems) do
    vim.health.warn(vim.trim(problem.path .. ' ' .. problem.message))
  end
end

return M
