(function_statement (function_name) @name "{" @body) @function
(class_statement . (simple_name) @name "{" @body) @class
(class_method_definition (simple_name) @name "{" @body) @method
(class_property_definition (variable) @name) @property
(enum_statement (simple_name) @name "{" @body) @enum
(enum_member (simple_name) @name) @enummember

(command command_name: (command_name) @reference)
(invokation_expression (member_name (simple_name) @reference))
