(function_declaration name: (identifier) @name body: (_)? @body) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @receiver
    (generic_type type: (type_identifier) @receiver)
    (pointer_type [(type_identifier) @receiver (generic_type type: (type_identifier) @receiver)])]))
  name: (field_identifier) @name body: (_)? @body) @method

; A type alone in its declaration starts at "type", one of a group at its name.
(type_declaration . (type_spec name: (type_identifier) @name type: (struct_type (_) @body)) .) @struct
(type_declaration . (type_spec name: (type_identifier) @name type: (interface_type . "interface" . "{" @body)) .) @interface
(type_declaration . [(type_spec name: (type_identifier) @name) (type_alias name: (type_identifier) @name)] .) @class
(type_spec name: (type_identifier) @name type: (struct_type (_) @body)) @struct
(type_spec name: (type_identifier) @name type: (interface_type . "interface" . "{" @body)) @interface
(type_declaration [(type_spec name: (type_identifier) @name) @class (type_alias name: (type_identifier) @name) @class])
(type_spec type: (struct_type (field_declaration_list (field_declaration name: (field_identifier) @name) @field)))
(field_declaration type: (struct_type (field_declaration_list (field_declaration name: (field_identifier) @name) @field)))
(method_elem name: (field_identifier) @name) @method

(source_file (const_declaration . (const_spec name: (identifier) @name) .) @constant)
(source_file (const_declaration (const_spec name: (identifier) @name) @constant))
(source_file (var_declaration (var_spec name: (identifier) @name)) @ignore (#eq? @name "_"))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name))) @ignore (#eq? @name "_"))
(source_file (var_declaration . (var_spec name: (identifier) @name value: (expression_list . (func_literal body: (_) @body) .)) .) @function)
(source_file (var_declaration . (var_spec name: (identifier) @name) .) @variable)
(source_file (var_declaration [(var_spec name: (identifier) @name) @variable
  (var_spec_list (var_spec name: (identifier) @name) @variable)]))
