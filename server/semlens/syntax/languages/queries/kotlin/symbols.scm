(package_header (identifier) @name) @package

(class_declaration "interface" (type_identifier) @name [(class_body) (enum_class_body)]? @body) @interface
(class_declaration "enum" (type_identifier) @name [(class_body) (enum_class_body)]? @body) @enum
(class_declaration (type_identifier) @name [(class_body) (enum_class_body)]? @body) @class
(object_declaration (type_identifier) @name (class_body)? @body) @object
(companion_object (type_identifier) @name (class_body)? @body) @object
(enum_entry (simple_identifier) @name) @enummember
(type_alias (type_identifier) @name) @class
(function_declaration receiver: (receiver_type [
  (user_type (type_identifier) @receiver .) (user_type (type_identifier) @receiver . (type_arguments) .)
  (nullable_type [(user_type (type_identifier) @receiver .) (user_type (type_identifier) @receiver . (type_arguments) .)])
  ]) (simple_identifier) @name (function_body)? @body) @function
(function_declaration (simple_identifier) @name (function_body)? @body) @function
(secondary_constructor "constructor" @name (statements)? @body) @constructor
(source_file (property_declaration (modifiers (property_modifier) @_m) (variable_declaration (simple_identifier) @name)
  (#eq? @_m "const")) @constant)
(class_body (property_declaration (modifiers (property_modifier) @_m) (variable_declaration (simple_identifier) @name)
  (#eq? @_m "const")) @constant)
(source_file (property_declaration (variable_declaration (simple_identifier) @name)) @property)
(class_body (property_declaration (variable_declaration (simple_identifier) @name)) @property)
(enum_class_body (property_declaration (variable_declaration (simple_identifier) @name)) @property)
(class_declaration (primary_constructor (class_parameter (binding_pattern_kind) (simple_identifier) @name) @property))

(constructor_invocation (user_type (type_identifier) @reference.base))
(delegation_specifier (user_type (type_identifier) @reference.base))
