(description) @documentation

(object_type_definition (name) @name (fields_definition)? @body) @class
(interface_type_definition (name) @name (fields_definition)? @body) @interface
(enum_type_definition (name) @name (enum_values_definition)? @body) @enum
(enum_value_definition (enum_value (name) @name)) @enummember
(input_object_type_definition (name) @name (input_fields_definition)? @body) @struct
(union_type_definition (name) @name) @class
(scalar_type_definition (name) @name) @class
(directive_definition (name) @name) @function
(object_type_extension (name) @name (fields_definition)? @body) @class
(interface_type_extension (name) @name (fields_definition)? @body) @interface
(field_definition (name) @name) @field
(input_fields_definition (input_value_definition (name) @name) @field)
(operation_definition (name) @name (selection_set)? @body) @function
(fragment_definition (fragment_name) @name (selection_set)? @body) @function

(implements_interfaces (named_type (name) @reference.base))
(field_definition (type (named_type (name) @reference.use)))
(fragment_spread (fragment_name) @reference.use)
