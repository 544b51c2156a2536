(binary_operator lhs: [(identifier) (string)] @name operator: ["<-" "=" "<<-"] rhs: (function_definition body: (_) @body)) @function
(argument name: (identifier) @name value: (function_definition body: (_) @body)) @function
(binary_operator lhs: (identifier) @name operator: ["<-" "="] rhs: (call function: (identifier) @_class
  arguments: (_) @body) (#match? @_class "^(R6Class|setRefClass|setClass)$")) @class
(program (call function: (identifier) @_set arguments: (arguments . (argument value: (string) @name))) @class
  (#match? @_set "^(setClass|setRefClass)$"))
(program (call function: (identifier) @_set arguments: (arguments . (argument value: (string) @name))) @function
  (#match? @_set "^(setMethod|setGeneric|setValidity|setReplaceMethod)$"))
(program (binary_operator lhs: (identifier) @name operator: ["<-" "="]) @variable)

(call function: [(identifier) @reference (namespace_operator rhs: (identifier) @reference)])
