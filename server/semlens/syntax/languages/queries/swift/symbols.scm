(class_declaration declaration_kind: "extension" name: (_) @name body: (_) @body) @scope.type
(class_declaration declaration_kind: "struct" name: (type_identifier) @name body: (_) @body) @struct
(class_declaration declaration_kind: "enum" name: (type_identifier) @name body: (_) @body) @enum
(class_declaration name: (type_identifier) @name body: (_) @body) @class
(protocol_declaration name: (type_identifier) @name body: (_) @body) @interface
(function_declaration "func" . name: _ @name body: (_)? @body) @function
(protocol_function_declaration "func" . name: _ @name) @method
(init_declaration name: _ @name body: (_)? @body) @constructor
(deinit_declaration "deinit" @name body: (_)? @body) @method
(subscript_declaration "subscript" @name (computed_property)? @body) @method
(enum_entry name: (simple_identifier) @name) @enummember
(typealias_declaration name: (type_identifier) @name) @class
(associatedtype_declaration name: (type_identifier) @name) @class
(source_file (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @variable)
(class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)
  computed_value: (_)? @body) @property)
(enum_class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)
  computed_value: (_)? @body) @property)
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @property

(inheritance_specifier inherits_from: (user_type (type_identifier) @reference.base))
(import_declaration (identifier) @reference.import)
