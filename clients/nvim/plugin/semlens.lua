-- Defines the commands and <Plug> maps. The modules of the plugin are loaded when one of them is used.
if vim.g.loaded_semlens then
  return
end
vim.g.loaded_semlens = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify_once('semlens is off: it needs Neovim 0.11 or later. Update Neovim.', vim.log.levels.WARN)
  return
end

-- The sub-commands are those of `:Semantic...`, in lower case: `:Semlens search`, `:Semlens status`.
vim.api.nvim_create_user_command('Semlens', function(call)
  require('semlens.commands').run_sub_command(call)
end, {
  nargs = '*',
  bang = true,
  range = true,
  complete = function(...)
    return require('semlens.complete').sub_command(...)
  end,
  desc = 'Run a sub-command of semlens; without one, find code by meaning',
})

local function command(name, desc, attributes)
  attributes.desc = desc
  if attributes.nargs == '*' then
    attributes.complete = function(...)
      return require('semlens.complete').query(...)
    end
  end
  vim.api.nvim_create_user_command('Semantic' .. name, function(call)
    require('semlens.commands').run(name, call)
  end, attributes)
end

command('Search', 'Find code by meaning; with !, reopen the last list', { nargs = '*', bang = true, range = true })
command('Similar', 'Find code similar to the symbol under the cursor or in the range', { range = true })
command(
  'Context',
  'Collect context for a prompt; with !, copy it to the clipboard',
  { nargs = '*', bang = true, range = true }
)
command('Symbols', 'Find symbols of the workspace', { nargs = '*' })
command('Duplicates', 'List near-identical code in the quickfix list; with !, of this file only', { bang = true })
command('Callers', 'List who uses the symbol under the cursor', {})
command('Callees', 'List what the symbol under the cursor uses', {})
command('Impact', 'List the tests and the code that the changes since a commit reach', { nargs = '?' })
command('Status', 'Show the status of the index', {})
command('Reindex', 'Check all files for changes; with !, index all files again', { bang = true })
command('Pause', 'Pause indexing', {})
command('Resume', 'Resume indexing', {})
command('Log', "Open the server's log; with !, the log of the plugin", { bang = true })
command('Install', 'Install the server', {})

local function plug(mode, name, right, desc)
  vim.keymap.set(mode, '<Plug>(semlens-' .. name .. ')', right, { desc = desc })
end

plug('n', 'search', '<Cmd>SemanticSearch<CR>', 'Find code by meaning')
plug('x', 'search', ':SemanticSearch<CR>', 'Find code by the selected text')
plug('n', 'search-word', "<Cmd>exe 'SemanticSearch ' .. expand('<cword>')<CR>", 'Find the word under the cursor')
plug('n', 'search-again', '<Cmd>SemanticSearch!<CR>', 'Reopen the last list')
plug('n', 'similar', '<Cmd>SemanticSimilar<CR>', 'Find code similar to the symbol under the cursor')
plug('x', 'similar', ':SemanticSimilar<CR>', 'Find code similar to the selection')
plug('n', 'context', '<Cmd>SemanticContext<CR>', 'Collect context around the cursor')
plug('x', 'context', ':SemanticContext<CR>', 'Collect context around the selection')
plug('n', 'symbols', '<Cmd>SemanticSymbols<CR>', 'Find symbols of the workspace')
plug('n', 'duplicates', '<Cmd>SemanticDuplicates<CR>', 'List near-identical code')
plug('n', 'status', '<Cmd>SemanticStatus<CR>', 'Show the status of the index')
