module Foo
using Bar
"""
Doc
"""
function add(a::Int, b=1; c)::Int where T
  other(a)
end
short(x) = x + 1
macro mac(x) x end
struct P{T} <: Q
  a::T
  P(x) = new(x)
end
mutable struct MP a end
abstract type Ab end
const K = 1
Base.show(io, x) = 1
function Base.length(x) end
f = x -> x
primitive type Pt 8 end
@inline function inl() end
end
