(attribute_item) @prefix

(function_item name: (identifier) @name body: (_) @body) @function
(function_signature_item name: (identifier) @name) @function
(struct_item name: (type_identifier) @name body: (_)? @body) @struct
(union_item name: (type_identifier) @name body: (_) @body) @struct
(enum_item name: (type_identifier) @name body: (_) @body) @enum
(enum_variant name: (identifier) @name) @enummember
(trait_item name: (type_identifier) @name body: (_) @body) @interface
(mod_item name: (identifier) @name body: (_) @body) @module
(macro_definition name: (identifier) @name . ["(" "{" "["] @body) @function
(const_item name: (identifier) @name) @constant
(static_item name: (identifier) @name) @constant
(type_item name: (type_identifier) @name) @class
(associated_type name: (type_identifier) @name) @class
(field_declaration name: (field_identifier) @name) @field
(enum_variant body: (field_declaration_list (field_declaration name: (field_identifier) @name) @field))

; Methods belong to the type that an impl block is for.
(impl_item type: [
  (type_identifier) @name
  (primitive_type) @name
  (generic_type type: (type_identifier) @name)
  (generic_type type: (scoped_type_identifier name: (type_identifier) @name))
  (scoped_type_identifier name: (type_identifier) @name)
  (reference_type type: (type_identifier) @name)
  (reference_type type: (generic_type type: (type_identifier) @name))] body: (_)? @body) @scope.type
(impl_item type: [
  (tuple_type) @name
  (array_type) @name
  (pointer_type) @name
  (function_type) @name
  (dynamic_type) @name
  (unit_type) @name
  (never_type) @name
  (macro_invocation) @name
  (metavariable) @name
  (reference_type type: [(scoped_type_identifier) (array_type) (tuple_type) (dynamic_type) (primitive_type) (reference_type)]) @name
  ] body: (_)? @body) @scope.type

(impl_item trait: [(type_identifier) @reference.base (scoped_type_identifier name: (type_identifier) @reference.base)
  (generic_type type: (type_identifier) @reference.base)])
