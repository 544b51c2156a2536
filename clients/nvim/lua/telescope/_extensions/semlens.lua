-- `:Telescope semlens`, `:Telescope semlens symbols`, `:Telescope semlens similar`.
local function picker_for(name)
  return function(options)
    options = options or {}
    local sources = require('semlens.sources')
    require('semlens.ui.telescope').open(sources.at_cursor(name), options.default_text, options)
  end
end

return require('telescope').register_extension({
  exports = {
    semlens = picker_for('search'),
    search = picker_for('search'),
    similar = picker_for('similar'),
    symbols = picker_for('symbols'),
  },
})
