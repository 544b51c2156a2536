(ambient_declaration "declare" @prefix)

[(class_declaration name: (type_identifier) @name body: (_) @body)
 (abstract_class_declaration name: (type_identifier) @name body: (_) @body)] @class
(interface_declaration name: (type_identifier) @name body: (_) @body) @interface
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(enum_body [(enum_assignment name: (_) @name) @enummember (property_identifier) @name @enummember (string) @name @enummember])
(type_alias_declaration name: (type_identifier) @name) @class
[(internal_module name: (_) @name body: (_) @body) (module name: (_) @name body: (_) @body)] @namespace

(function_signature name: (identifier) @name) @function
(method_signature name: (_) @name) @method
(construct_signature "new" @name) @constructor
(abstract_method_signature name: (_) @name) @method
(public_field_definition name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @method
(public_field_definition name: (_) @name) @field
(interface_body (property_signature name: (_) @name) @property)

(extends_clause value: [(identifier) @reference.base (member_expression property: (property_identifier) @reference.base)])
(implements_clause [(type_identifier) @reference.base (generic_type name: (type_identifier) @reference.base)])
(extends_type_clause type: [(type_identifier) @reference.base (generic_type name: (type_identifier) @reference.base)])
