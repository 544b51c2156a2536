(file_scoped_namespace_declaration name: (_) @name) @package
(namespace_declaration name: (_) @name body: (_) @body) @namespace

(class_declaration name: (identifier) @name body: (_)? @body) @class
(record_declaration name: (identifier) @name body: (_)? @body) @class
(struct_declaration name: (identifier) @name body: (_)? @body) @struct
(interface_declaration name: (identifier) @name body: (_) @body) @interface
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(enum_member_declaration name: (identifier) @name) @enummember
(delegate_declaration name: (identifier) @name) @function

(method_declaration name: (identifier) @name body: (_)? @body) @method
(constructor_declaration name: (identifier) @name body: (_)? @body) @constructor
(destructor_declaration "~" @name name: (_) @name.until body: (_)? @body) @method
(operator_declaration "operator" @name operator: _ @name.until body: (_)? @body) @method
(conversion_operator_declaration "operator" @name type: (_) @name.until body: (_)? @body) @method
(local_function_statement name: (identifier) @name body: (_)? @body) @function
(property_declaration name: (identifier) @name accessors: (_) @body) @property
(property_declaration name: (identifier) @name value: (arrow_expression_clause) @body) @property
(indexer_declaration "this" @name accessors: (_)? @body) @property
(event_declaration name: (identifier) @name) @event
(event_field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @event
(field_declaration (modifier "const") (variable_declaration (variable_declarator name: (identifier) @name))) @constant
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @field

(base_list [(identifier) @reference.base (generic_name (identifier) @reference.base)])
