-- Compare values deeply, and show both where they differ.
return function(found, expected)
  assert(vim.deep_equal(found, expected), ('expected %s, found %s'):format(vim.inspect(expected), vim.inspect(found)))
end
