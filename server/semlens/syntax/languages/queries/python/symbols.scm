; Decorators stand before what they decorate: they extend its range.
(decorator) @prefix

(function_definition name: (identifier) @name body: (_) @body) @function
(class_definition name: (identifier) @name body: (_) @body) @class

; Names given to lambdas, and constants, at the top of a module or of a class.
(module (assignment left: (identifier) @name right: (lambda body: (_) @body)) @function)
(module (assignment left: (identifier) @name) @constant (#match? @name "^_*[A-Z][A-Z0-9_]*$"))
(class_definition body: (block (assignment left: (identifier) @name) @constant
  (#match? @name "^_*[A-Z][A-Z0-9_]*$")))
(type_alias_statement left: (type [(identifier) @name (generic_type (identifier) @name)])) @class
