local M = {}
--- Doc
-- more
function M.foo(a, b) bar(a) end
function M:method() self:x() end
local function helper() end
local f = function() end
M.g = function(x) return x end
function top() local function inner() end end
local t = { h = function() end, [1] = 2, i = 3 }
M.a.b.c = function() end
LIMIT = 10
return M
