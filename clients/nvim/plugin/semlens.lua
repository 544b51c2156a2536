-- Commands and <Plug> maps. Nothing of semlens is loaded before one of them is used.
if vim.g.loaded_semlens then
  return
end
vim.g.loaded_semlens = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify_once('semlens needs Neovim 0.11 or later, so its commands are not defined.', vim.log.levels.WARN)
  return
end

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

command('Search', 'Find code by meaning; with !, the last results again', { nargs = '*', bang = true, range = true })
command('Similar', 'Code like the symbol under the cursor or the range', { range = true })
command('Context', 'A prompt-ready pack of code; with !, to the clipboard', { nargs = '*', bang = true, range = true })
command('Symbols', 'Symbols of the workspace', { nargs = '*' })
command('Duplicates', 'Near-identical code, into the quickfix list; with !, of this file alone', { bang = true })
command('Status', 'What is indexed, how fresh, how large', {})
command('Reindex', 'Check all files again; with !, index all of them again', { bang = true })
command('Pause', 'Put off indexing', {})
command('Resume', 'Go on indexing', {})
command('Log', "The server's log", {})
command('Install', 'Install the server', {})

local function plug(mode, name, right, desc)
  vim.keymap.set(mode, '<Plug>(semlens-' .. name .. ')', right, { desc = desc })
end

plug('n', 'search', '<Cmd>SemanticSearch<CR>', 'Find code by meaning')
plug('x', 'search', ':SemanticSearch<CR>', 'Find code like the selected text')
plug('n', 'search-word', "<Cmd>exe 'SemanticSearch ' .. expand('<cword>')<CR>", 'Find the word under the cursor')
plug('n', 'search-again', '<Cmd>SemanticSearch!<CR>', 'The last results again')
plug('n', 'similar', '<Cmd>SemanticSimilar<CR>', 'Code like the symbol under the cursor')
plug('x', 'similar', ':SemanticSimilar<CR>', 'Code like the selection')
plug('n', 'context', '<Cmd>SemanticContext<CR>', 'A pack of code around the cursor')
plug('x', 'context', ':SemanticContext<CR>', 'A pack of code around the selection')
plug('n', 'symbols', '<Cmd>SemanticSymbols<CR>', 'Symbols of the workspace')
plug('n', 'duplicates', '<Cmd>SemanticDuplicates<CR>', 'Near-identical code')
plug('n', 'status', '<Cmd>SemanticStatus<CR>', 'What is indexed')
