-- The configuration of the Neovim under test: the plugin, and this checkout's server without a refining model.
vim.opt.runtimepath:prepend(vim.env.SEMLENS_TEST_CLIENT)
vim.o.swapfile = false
vim.g.semlens = {
  cmd = { vim.env.SEMLENS_TEST_PYTHON, '-m', 'semlens', 'serve' },
  settings = { models = { refine = 'none' } },
}
vim.cmd('filetype plugin on')
