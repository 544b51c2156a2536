return {
  new_dynamic = function(options)
    return options
  end,
}
