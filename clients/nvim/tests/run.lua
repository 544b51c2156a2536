-- Runs tests/test_*.lua. Each returns a list of { name, function }. Arguments select tests whose name contains one.
local folder = vim.uv.os_getenv('SEMLENS_TEST_CLIENT') .. '/tests'
package.path = folder .. '/?.lua;' .. package.path
vim.opt.runtimepath:prepend(vim.fs.dirname(folder))

local wanted = { unpack(_G.arg or {}) }

local function is_wanted(name)
  return #wanted == 0 or vim.iter(wanted):any(function(part)
    return name:find(part, 1, true) ~= nil
  end)
end

local n_passed, n_failed = 0, 0
for _, file in ipairs(vim.fn.sort(vim.fn.glob(folder .. '/test_*.lua', false, true))) do
  for _, case in ipairs(dofile(file)) do
    local name, body = case[1], case[2]
    if is_wanted(name) then
      local started = vim.uv.hrtime()
      local ok, problem = xpcall(body, debug.traceback)
      local seconds = (vim.uv.hrtime() - started) / 1e9
      io.write(('%s - %s (%.1f s)\n'):format(ok and 'ok' or 'not ok', name, seconds))
      if ok then
        n_passed = n_passed + 1
      else
        n_failed = n_failed + 1
        io.write(tostring(problem) .. '\n')
      end
      io.flush()
    end
  end
end
io.write(('%d passed, %d failed\n'):format(n_passed, n_failed))
os.exit(n_failed == 0 and n_passed > 0 and 0 or 1)
