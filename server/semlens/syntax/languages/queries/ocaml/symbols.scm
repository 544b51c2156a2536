(value_definition "let" @prefix)
(value_definition "and" @prefix)
(value_definition "rec" @prefix)

(let_binding pattern: [(value_name) (parenthesized_operator)] @name . (parameter) body: (_) @body) @function
(let_binding pattern: [(value_name) (parenthesized_operator)] @name body: [(fun_expression) (function_expression)] @body) @function
(compilation_unit (value_definition (let_binding pattern: (value_name) @name) @constant))
(structure (value_definition (let_binding pattern: (value_name) @name) @constant))
(value_specification [(value_name) (parenthesized_operator)] @name) @function
(external [(value_name) (parenthesized_operator)] @name) @function
(type_definition (type_binding name: (_) @name body: (record_declaration) @body)) @struct
(type_definition (type_binding name: (_) @name body: (variant_declaration) @body)) @enum
(type_definition (type_binding name: (_) @name)) @class
(variant_declaration (constructor_declaration (constructor_name) @name) @enummember)
(field_declaration (field_name) @name) @field
(module_definition (module_binding (module_name) @name . body: (_)? @body)) @module
(module_definition (module_binding (module_name) @name)) @module
(module_type_definition (module_type_name) @name body: (_)? @body) @interface
(exception_definition (constructor_declaration (constructor_name) @name)) @class
(class_definition (class_binding (class_name) @name body: (_)? @body)) @class
(method_definition (method_name) @name body: (_)? @body) @method

(application_expression function: (value_path (value_name) @reference))
(open_module (module_path (module_name) @reference.import))
