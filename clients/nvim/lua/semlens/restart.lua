-- Decides when a server that ended is started again, and whether it stays off. Holds no timer and reads no clock.
local M = {}

-- After two crashes within this time the server stays off until a command needs it.
local CRASH_WINDOW_MS = 60000

local FIRST_DELAY_MS = 200
local MAX_DELAY_MS = 30000
-- A shared server that lived this long was healthy: the next delay is the first one again.
local HEALTHY_MS = 60000
-- One that ended sooner failed quickly. After so many quick failures in a row it stays off.
local QUICK_MS = 10000
local MAX_QUICK_FAILURES = 5

local last_crash_ms = -CRASH_WINDOW_MS
local has_failed_to_start = false
local next_delay_ms = FIRST_DELAY_MS
local n_quick_failures = 0

---A server takes requests.
function M.started()
  has_failed_to_start = false
end

---The server of this editor alone crashed.
---@param now_ms integer
---@param was_ready boolean whether it could take requests
---@return integer? delay_ms nil: it stays off
function M.after_crash(now_ms, was_ready)
  -- A start may take longer than the window before it fails, so two in a row count however far apart they are.
  local is_repeated = now_ms - last_crash_ms < CRASH_WINDOW_MS or (has_failed_to_start and not was_ready)
  last_crash_ms, has_failed_to_start = now_ms, not was_ready
  return not is_repeated and 0 or nil
end

---The shared server was lost.
---@param life_ms integer how long it could take requests; 0: never
---@return integer? delay_ms nil: it stays off, and the count begins again
function M.after_loss(life_ms)
  n_quick_failures = life_ms < QUICK_MS and n_quick_failures + 1 or 0
  if n_quick_failures >= MAX_QUICK_FAILURES then
    next_delay_ms, n_quick_failures = FIRST_DELAY_MS, 0
    return nil
  end
  local delay_ms = life_ms >= HEALTHY_MS and FIRST_DELAY_MS or next_delay_ms
  next_delay_ms = math.min(2 * delay_ms, MAX_DELAY_MS)
  return delay_ms
end

return M
