(class_interface . (identifier) @name) @class
(class_implementation . (identifier) @name) @class
(protocol_declaration . (identifier) @name) @interface
(method_declaration (method_type) . (identifier) @name [(method_parameter) (identifier)]* @name.until) @method
(method_definition (method_type) . (identifier) @name [(method_parameter) (identifier)]* @name.until (compound_statement) @body) @method
(property_declaration (struct_declaration (struct_declarator (pointer_declarator declarator: (identifier) @name)))) @property
(property_declaration (struct_declaration (struct_declarator (identifier) @name))) @property
(type_definition type: (macro_type_specifier) declarator: (_) @name) @ignore
(function_definition declarator: (_) @name.chain body: (_) @body) @function

(message_expression method: (identifier) @reference)
