; What C and C++ share.
(preproc_function_def name: (identifier) @name) @function
(preproc_def name: (identifier) @name value: (_)) @constant

(type_definition type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name) @enum
(type_definition type: [(struct_specifier name: (_) body: (_)) (union_specifier name: (_) body: (_))
  (enum_specifier name: (_) body: (_))] declarator: (_) @class @name.chain)
(type_definition declarator: (_) @name.chain) @class
(struct_specifier name: (type_identifier) @name body: (_) @body) @struct
(union_specifier name: (type_identifier) @name body: (_) @body) @struct
(enum_specifier name: (type_identifier) @name body: (_) @body) @enum
(enumerator name: (identifier) @name) @enummember

; Prototypes, and variables outside functions.
(translation_unit (declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))] @name.chain) @function)
(translation_unit (declaration declarator: (_) @name.chain) @variable)
(declaration_list (declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))] @name.chain) @function)
(declaration_list (declaration declarator: (_) @name.chain) @variable)
(preproc_ifdef (declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))] @name.chain) @function)
(preproc_if (declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))] @name.chain) @function)
(preproc_else (declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))] @name.chain) @function)
(preproc_elif (declaration declarator: [(function_declarator) (pointer_declarator (function_declarator))] @name.chain) @function)
(field_declaration declarator: (_) @name.chain) @field

(preproc_include path: (_) @reference.import)
