const std = @import("std");
pub const S = struct { a: u8, pub fn m(self: S) void {} const K = 1; const Inner = struct { z: u8 }; };
pub const E = enum(u8) { a, b, pub fn q() void {} };
pub const U = union(enum) { x: u8, y };
fn f(comptime T: type) type { return struct { pub fn get() T {} v: T, }; }
pub var g: u8 = 1;
test "it" {}
test S {}
pub const Err = error{ A, B };
export fn ex() void {}
pub const alias = S.m;
extern fn c_f(x: c_int) void;
comptime {}
