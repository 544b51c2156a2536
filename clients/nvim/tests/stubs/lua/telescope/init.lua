-- Stands in for telescope.nvim: the calls that lua/semlens/ui/telescope.lua makes, with the same arguments and the same
-- order of events. `_G.telescope` is the open picker; `_G.telescope:type(text)` is a keystroke.
return {
  register_extension = function(extension)
    return extension.exports
  end,
}
