local M = {}
function M.f(a) end
function M:meth() end
local function loc() local function inner() end end
M.g = function() end
local h = function() end
M.t = { a = function() end, ["b"] = function() end, c = 1 }
M.CONST = 1
function glob() end
M["str"] = function() end
setmetatable(M, { __index = function(t, k) end })
return { x = function() end }
