return {
  new = function(options)
    return options
  end,
}
