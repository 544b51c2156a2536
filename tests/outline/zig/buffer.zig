const std = @import("std");
const Allocator = std.mem.Allocator;

pub const max_size: usize = 4096;
var counter: u32 = 0;

/// Errors of a buffer.
pub const BufferError = error{ Full, Closed };

/// Bytes with a position.
pub const Buffer = struct {
    data: []u8,
    position: usize = 0,

    const Self = @This();

    /// Makes one.
    pub fn init(allocator: Allocator, size: usize) !Buffer {
        return Buffer{ .data = try allocator.alloc(u8, size) };
    }

    pub fn write(self: *Self, bytes: []const u8) BufferError!void {
        if (self.position + bytes.len > self.data.len) return error.Full;
        self.position += bytes.len;
    }
};

const Mode = enum { read, write };

const Value = union(enum) {
    int: i64,
    text: []const u8,

    fn isInt(self: Value) bool {
        return self == .int;
    }
};

export fn add(a: i32, b: i32) callconv(.C) i32 {
    return a + b;
}

test "buffer keeps bytes" {
    try std.testing.expect(add(1, 2) == 3);
}
