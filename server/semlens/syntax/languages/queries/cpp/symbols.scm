(template_declaration "template" @prefix)
(template_declaration parameters: (_) @prefix)
(template_declaration (requires_clause) @prefix)

(namespace_definition name: (_) @name body: (_) @body) @namespace
(class_specifier name: [(type_identifier) (template_type) (qualified_identifier)] @name body: (_) @body) @class
(struct_specifier name: [(template_type) (qualified_identifier)] @name body: (_) @body) @struct
(function_definition declarator: (_) @name.chain (field_initializer_list)? @body body: (_)? @body) @function
(declaration (type_qualifier) @_qualifier declarator: (init_declarator declarator: (identifier) @name)
  (#any-of? @_qualifier "const" "constexpr")) @constant
(field_declaration_list (field_declaration declarator: [(function_declarator)
  (pointer_declarator (function_declarator)) (reference_declarator (function_declarator))] @name.chain) @method)
(field_declaration_list (declaration declarator: (_) @name.chain) @method)
(field_declaration_list (template_declaration (declaration declarator: (_) @name.chain) @method))
(translation_unit (declaration declarator: (reference_declarator (function_declarator)) @name.chain) @function)
(declaration_list (declaration declarator: (reference_declarator (function_declarator)) @name.chain) @function)
(alias_declaration name: (type_identifier) @name) @class
(concept_definition name: (identifier) @name) @interface
(namespace_alias_definition name: (_) @name) @namespace

(base_class_clause [(type_identifier) @reference.base (template_type name: (type_identifier) @reference.base)
  (qualified_identifier name: (type_identifier) @reference.base)])
