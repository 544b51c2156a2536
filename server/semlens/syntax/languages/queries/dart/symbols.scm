(annotation) @prefix

(class_definition name: (identifier) @name body: (_) @body) @class
(mixin_declaration (identifier) @name (class_body) @body) @interface
(extension_declaration name: (identifier) @name body: (_) @body) @class
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(enum_constant name: (identifier) @name) @enummember
(type_alias . (type_identifier) @name) @class
((function_signature name: (identifier) @name) @function.body . (function_body) @body)
((getter_signature name: (identifier) @name) @property.body . (function_body) @body)
((setter_signature name: (identifier) @name) @property.body . (function_body) @body)
(lambda_expression parameters: (function_signature name: (identifier) @name) body: (_) @body) @function
((method_signature (function_signature name: (identifier) @name)) @method.body . (function_body) @body)
((method_signature (getter_signature name: (identifier) @name)) @property.body . (function_body) @body)
((method_signature (setter_signature name: (identifier) @name)) @property.body . (function_body) @body)
((method_signature (operator_signature "operator" @name . (_) @name.until)) @method.body . (function_body) @body)
((method_signature (factory_constructor_signature . (identifier) @name (identifier)? @name.until)) @constructor.body . (function_body) @body)
((method_signature (constructor_signature . name: (identifier) @name name: (identifier)? @name.until)) @constructor.body . (function_body) @body)
(declaration (constructor_signature . name: (identifier) @name name: (identifier)? @name.until)) @constructor
(declaration (constant_constructor_signature . (identifier) @name)) @constructor
(declaration (function_signature name: (identifier) @name)) @method
(declaration (getter_signature name: (identifier) @name)) @property
(declaration (initialized_identifier_list (initialized_identifier . (identifier) @name))) @field
(declaration (static_final_declaration_list (static_final_declaration . (identifier) @name))) @constant
(program (static_final_declaration_list (static_final_declaration . (identifier) @name)) @constant)
(program (initialized_identifier_list (initialized_identifier . (identifier) @name)) @variable)

((identifier) @reference . (selector (argument_part)))
(superclass (type_identifier) @reference.base)
