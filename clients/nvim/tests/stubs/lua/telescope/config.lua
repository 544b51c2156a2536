return {
  values = {
    qflist_previewer = function()
      return { name = 'qflist' }
    end,
  },
}
