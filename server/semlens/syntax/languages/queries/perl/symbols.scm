(package_statement name: (package) @name (block) @body) @module.absolute
(package_statement name: (package) @name) @package.symbol
(subroutine_declaration_statement name: (_) @name body: (_)? @body) @function
(method_declaration_statement name: (_) @name body: (_)? @body) @method
(expression_statement (assignment_expression left: (variable_declaration variable: (scalar (varname) @name))
  right: (anonymous_subroutine_expression body: (_) @body))) @function
(use_statement module: (package) @_constant (list_expression . (autoquoted_bareword) @name) (#eq? @_constant "constant")) @constant

(function_call_expression function: (function) @reference)
(ambiguous_function_call_expression function: (function) @reference)
(method_call_expression method: (method) @reference)
(use_statement module: (package) @reference.import)
