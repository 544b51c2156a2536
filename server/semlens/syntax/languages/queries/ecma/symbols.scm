; What JavaScript and TypeScript share.
(export_statement "export" @prefix)
(export_statement "default" @prefix)
(decorator) @prefix

[(function_declaration name: (identifier) @name body: (_) @body)
 (generator_function_declaration name: (identifier) @name body: (_) @body)] @function
(export_statement "default" @name value: [(function_expression !name body: (_) @body) (arrow_function body: (_) @body)
  (generator_function !name body: (_) @body)] @function)
(export_statement "default" @name value: (class !name body: (_) @body) @class)
(export_statement "default" @name value: (object) @variable)

; A module bound to a name, and the object that is exported, are no symbols of their own.
(variable_declarator name: (identifier) @name value: (call_expression function: (identifier) @_function)
  (#eq? @_function "require")) @ignore
(expression_statement (assignment_expression left: (member_expression property: (property_identifier) @name)
  right: (object)) (#eq? @name "exports")) @ignore

(variable_declarator value: (call_expression
  function: [(identifier) (member_expression property: (property_identifier))] @_wrapper
  arguments: (arguments . (function_expression name: (identifier) @name)))
  (#match? @_wrapper "(^|[.])(memo|forwardRef|useCallback|observer|debounce|throttle|once|promisify|asyncHandler|with[A-Z][A-Za-z]*)$")
  ) @ignore

; Functions and classes under the name that they are given.
(lexical_declaration (variable_declarator name: (identifier) @name
  value: [(function_expression body: (_) @body) (generator_function body: (_) @body) (arrow_function body: (_) @body)])
  ) @function
(variable_declaration (variable_declarator name: (identifier) @name
  value: [(function_expression body: (_) @body) (generator_function body: (_) @body) (arrow_function body: (_) @body)])
  ) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body))) @class
(variable_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body))) @class
(expression_statement (assignment_expression
  left: (member_expression object: (member_expression object: (_) @receiver property: (property_identifier) @_p)
    property: [(property_identifier) (private_property_identifier)] @name)
  right: [(function_expression body: (_) @body) (generator_function body: (_) @body) (arrow_function body: (_) @body)]
  ) (#eq? @_p "prototype")) @method
(expression_statement (assignment_expression
  left: (member_expression object: (_) @receiver property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (generator_function body: (_) @body) (arrow_function body: (_) @body)]
  ) (#not-match? @receiver "[^A-Za-z0-9_$.]|^this$|^module$|^exports$|^module[.]exports$")) @function
(expression_statement (assignment_expression
  left: [(identifier) @name (member_expression property: (property_identifier) @name)]
  right: [(function_expression body: (_) @body) (generator_function body: (_) @body) (arrow_function body: (_) @body)]
  )) @function
(expression_statement (assignment_expression
  left: [(identifier) @name (member_expression property: (property_identifier) @name)]
  right: (class body: (_) @body))) @class
; A function expression that is given away under its own name.
(assignment_expression left: (member_expression property: (property_identifier) @_exports)
  right: (function_expression name: (identifier) @name body: (_) @body) (#eq? @_exports "exports")) @function
(assignment_expression left: (member_expression property: (property_identifier) @_exports)
  right: (class name: (_) @name body: (_) @body) (#eq? @_exports "exports")) @class
(arguments (function_expression name: (identifier) @name body: (_) @body) @function)
(parenthesized_expression (function_expression name: (identifier) @name body: (_) @body) @function)
(return_statement (function_expression name: (identifier) @name body: (_) @body) @function)
(assignment_expression
  left: [(identifier) @name (member_expression property: (property_identifier) @name)]
  right: [(function_expression body: (_) @body) (generator_function body: (_) @body) (arrow_function body: (_) @body)]
  ) @function
(pair key: [(property_identifier) (string)] @name
  value: [(function_expression body: (_) @body) (generator_function body: (_) @body) (arrow_function body: (_) @body)]
  ) @method
(pair key: [(property_identifier) (string)] @name value: (object)) @scope

(method_definition name: (_) @name body: (_) @body) @method

(lexical_declaration (variable_declarator name: (identifier) @name value: (call_expression
  function: [(identifier) (member_expression property: (property_identifier))] @_wrapper
  arguments: (arguments . [(arrow_function body: (_) @body) (function_expression body: (_) @body)])))
  (#match? @_wrapper "(^|[.])(memo|forwardRef|useCallback|observer|debounce|throttle|once|promisify|asyncHandler|with[A-Z][A-Za-z]*)$")
  ) @function

; What a module binds at its top, or gives away.
(program (lexical_declaration "const" (variable_declarator name: (identifier) @name)) @constant)
(export_statement (lexical_declaration "const" (variable_declarator name: (identifier) @name)) @constant)
(program [(lexical_declaration "let" (variable_declarator name: (identifier) @name)) @variable
  (export_statement (lexical_declaration "let" (variable_declarator name: (identifier) @name)) @variable)
  (variable_declaration (variable_declarator name: (identifier) @name)) @variable
  (export_statement (variable_declaration (variable_declarator name: (identifier) @name)) @variable)])
(program (expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name) right: (object)) @variable))
(lexical_declaration (variable_declarator name: (identifier) @name value: (object))) @scope
(variable_declaration (variable_declarator name: (identifier) @name value: (object))) @scope
