--- A queue.
-- @module queue
local Queue = {}
Queue.__index = Queue

local MAX_SIZE = 100

--- Makes a queue.
-- @return the queue
function Queue.new(items)
  local self = setmetatable({}, Queue)
  self.items = items or {}
  return self
end

function Queue:push(item)
  if #self.items >= MAX_SIZE then
    error("full")
  end
  table.insert(self.items, item)
end

Queue.pop = function(self)
  return table.remove(self.items, 1)
end

local function each(queue, visit)
  for _, item in ipairs(queue.items) do
    visit(item)
  end
end

local handlers = {
  on_push = function(item)
    print(item)
  end,
  ["on-pop"] = function() end,
}

function Queue.stats.average(queue) return 0 end

return Queue
