(function_declaration name: (method_index_expression) @name body: (_)? @body) @method
(function_declaration name: (_) @name body: (_)? @body) @function
(assignment_statement (variable_list . name: (_) @name .) (expression_list . value: (function_definition body: (_)? @body) .)) @function
(field name: [(identifier) (string)] @name value: (function_definition body: (_)? @body)) @function
(variable_declaration (assignment_statement (variable_list . name: (identifier) @name) (expression_list . value: (table_constructor)))) @scope
(chunk (assignment_statement (variable_list . name: (identifier) @name)) @constant (#match? @name "^[A-Z][A-Z0-9_]+$"))
(chunk (variable_declaration (assignment_statement (variable_list . name: (identifier) @name))) @constant
  (#match? @name "^[A-Z][A-Z0-9_]+$"))
