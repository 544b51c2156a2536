const std = @import("std");
/// Doc
pub fn add(a: i32, b: i32) i32 { return foo(a) + b; }
pub const S = struct { x: u8, const K = 1; pub fn init(self: *S) void { self.go(); } };
const E = enum { a, b, fn f() void {} };
const U = union(enum) { a: u8 };
var g: u8 = 1;
test "name" { }
const Er = error{ A, B };
extern fn ext(a: u8) void;
pub fn List(comptime T: type) type { return struct { items: []T, fn append() void {} }; }
