std = "luajit"
globals = { "vim" }
max_line_length = 120
self = false
files["tests"] = { max_line_length = 140, globals = { "vim", "arg" } }
