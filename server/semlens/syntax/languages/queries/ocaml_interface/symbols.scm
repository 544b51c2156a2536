(value_specification [(value_name) (parenthesized_operator)] @name) @function
(external [(value_name) (parenthesized_operator)] @name) @function
(type_definition (type_binding name: (_) @name body: (record_declaration) @body)) @struct
(type_definition (type_binding name: (_) @name body: (variant_declaration) @body)) @enum
(type_definition (type_binding name: (_) @name)) @class
(variant_declaration (constructor_declaration (constructor_name) @name) @enummember)
(field_declaration (field_name) @name) @field
(module_definition (module_binding (module_name) @name (signature)? @body)) @module
(module_type_definition (module_type_name) @name body: (_)? @body) @interface
(exception_definition (constructor_declaration (constructor_name) @name)) @class
