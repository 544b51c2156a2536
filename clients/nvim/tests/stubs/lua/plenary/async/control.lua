return {
  channel = {
    oneshot = function()
      local value, waiting, is_told
      local function tell(told)
        value, is_told = told, true
        if waiting then
          assert(coroutine.resume(waiting))
        end
      end
      local function wait()
        if not is_told then
          waiting = coroutine.running()
          coroutine.yield()
        end
        return value
      end
      return tell, wait
    end,
  },
}
