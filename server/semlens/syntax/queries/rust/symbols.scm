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

; Methods belong to the type that an impl block is for.
(impl_item type: [
  (type_identifier) @name
  (primitive_type) @name
  (generic_type type: (type_identifier) @name)
  (generic_type type: (scoped_type_identifier name: (type_identifier) @name))
  (scoped_type_identifier name: (type_identifier) @name)
  (reference_type type: (type_identifier) @name)
  (reference_type type: (generic_type type: (type_identifier) @name))]) @scope.type
(impl_item type: (_) @name) @scope.type

(call_expression function: [(identifier) @reference (scoped_identifier name: (identifier) @reference)
  (field_expression field: (field_identifier) @reference)
  (generic_function function: [(identifier) @reference (scoped_identifier name: (identifier) @reference)
    (field_expression field: (field_identifier) @reference)])])
(macro_invocation macro: [(identifier) @reference (scoped_identifier name: (identifier) @reference)])
(struct_expression name: [(type_identifier) @reference (scoped_type_identifier name: (type_identifier) @reference)])
(impl_item trait: [(type_identifier) @reference (scoped_type_identifier name: (type_identifier) @reference)
  (generic_type type: (type_identifier) @reference)])
(use_declaration argument: [(identifier) @reference (scoped_identifier name: (identifier) @reference)])
(use_list [(identifier) @reference (scoped_identifier name: (identifier) @reference)])
