(rule (targets (word) @name) (recipe)? @body (#not-match? @name "^[.]")) @function
(makefile (variable_assignment name: (word) @name) @variable)
(define_directive name: (word) @name) @function
