(function_def (function_command (argument_list . (argument) @name)) (body)? @body) @function
(macro_def (macro_command (argument_list . (argument) @name)) (body)? @body) @function
(normal_command (identifier) @_command (argument_list . (argument) @name)
  (#match? @_command "^(add_executable|add_library|add_custom_target|ADD_EXECUTABLE|ADD_LIBRARY|ADD_CUSTOM_TARGET)$")) @class
(normal_command (identifier) @_command (argument_list . (argument) @name) (#match? @_command "^(project|PROJECT)$")) @module
(normal_command (identifier) @_command (argument_list . (argument) @name) (#match? @_command "^(option|OPTION)$")) @constant
(source_file (normal_command (identifier) @_command (argument_list . (argument) @name)) @variable
  (#match? @_command "^(set|SET)$"))

(normal_command (identifier) @reference)
