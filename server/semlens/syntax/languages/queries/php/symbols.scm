(namespace_definition name: (_) @name body: (_) @body) @namespace
(namespace_definition name: (_) @name !body) @package

(class_declaration name: (name) @name body: (_) @body) @class
(interface_declaration name: (name) @name body: (_) @body) @interface
(trait_declaration name: (name) @name body: (_) @body) @interface
(enum_declaration name: (name) @name body: (_) @body) @enum
(enum_case name: (name) @name) @enummember
(method_declaration name: (name) @name body: (_)? @body) @method
(function_definition name: (name) @name body: (_) @body) @function
(const_declaration (const_element (name) @name)) @constant
(property_declaration (property_element name: (variable_name) @name)) @property
(expression_statement (assignment_expression left: (variable_name) @name
  right: [(anonymous_function body: (_) @body) (arrow_function body: (_) @body)])) @function
(expression_statement (function_call_expression function: (name) @_f
  arguments: (arguments . (argument (string) @name))) (#eq? @_f "define")) @constant

(base_clause [(name) @reference.base (qualified_name (name) @reference.base)])
(class_interface_clause [(name) @reference.base (qualified_name (name) @reference.base)])
