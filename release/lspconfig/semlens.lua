--- For the collection of configurations nvim-lspconfig, as `lsp/semlens.lua`. It gives Neovim the workspace symbols of
--- semlens; the plugin in clients/nvim has a picker and more.

---@brief
---
--- https://github.com/semlens/semlens
---
--- Finds code by what it does, offline. Install it with `uv tool install semlens`.

---@type vim.lsp.Config
return {
  cmd = { 'semlens', 'serve' },
  root_markers = { '.semlens.toml', '.git' },
}
