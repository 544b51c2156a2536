(package_clause name: (_) @name body: (_) @body) @namespace
(package_clause name: (_) @name !body) @package.nested
(package_object name: (_) @name body: (_) @body) @object

(class_definition name: (_) @name body: (_)? @body) @class
(object_definition name: (_) @name body: (_)? @body) @object
(trait_definition name: (_) @name body: (_)? @body) @interface
(enum_definition name: (_) @name body: (_)? @body) @enum
(simple_enum_case name: (_) @name) @enummember
(full_enum_case name: (_) @name) @enummember
(function_definition name: (_) @name body: (_)? @body) @function
(function_declaration name: (_) @name) @function
(given_definition name: (_) @name body: (_)? @body) @object
(type_definition name: (_) @name) @class
(template_body (val_definition pattern: (identifier) @name) @constant)
(template_body (val_declaration name: (identifier) @name) @constant)
(template_body (var_definition pattern: (identifier) @name) @variable)
(template_body (var_declaration name: (identifier) @name) @variable)
(compilation_unit (val_definition pattern: (identifier) @name) @constant)
(compilation_unit (var_definition pattern: (identifier) @name) @variable)

(extends_clause type: [(type_identifier) @reference.base (generic_type type: (type_identifier) @reference.base)])
