rockspec_format = '3.0'
package = 'semlens.nvim'
version = 'scm-1'

description = {
  summary = 'Finds code by what it does, in a picker, offline',
  homepage = 'https://github.com/semlens/semlens',
  license = 'Apache-2.0',
  labels = { 'neovim' },
}

dependencies = { 'lua >= 5.1' }

source = {
  url = 'git+https://github.com/semlens/semlens.nvim',
}

build = {
  type = 'builtin',
  copy_directories = { 'doc', 'lsp', 'plugin' },
}
