-- For `vim.lsp.enable('semlens')`. One client serves every root; see `:help semlens-lsp`.
return require('semlens.client').lsp_config()
