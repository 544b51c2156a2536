-- `:Telescope semlens`, `:Telescope semlens symbols`, `:Telescope semlens similar`.
local function opening(name)
  return function(options)
    options = options or {}
    local sources = require('semlens.sources')
    require('semlens.ui.telescope').open(sources.here(name), options.default_text, options)
  end
end

return require('telescope').register_extension({
  exports = {
    semlens = opening('search'),
    search = opening('search'),
    similar = opening('similar'),
    symbols = opening('symbols'),
  },
})
