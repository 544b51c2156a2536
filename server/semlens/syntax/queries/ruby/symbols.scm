(module name: (_) @name) @module
(class name: (_) @name) @class
(method name: (_) @name body: (_)? @body) @function
(singleton_method name: (_) @name body: (_)? @body) @function
(program (assignment left: (constant) @name) @constant)
(body_statement (assignment left: [(constant) (scope_resolution)] @name) @constant)
(assignment left: (constant) @name right: (call receiver: (constant) @_r method: (identifier) @_m block: (_))
  (#match? @_r "^(Struct|Class|Module|Data)$") (#match? @_m "^(new|define)$")) @class
(call method: (identifier) @_m arguments: (argument_list . (simple_symbol) @name) block: (_)
  (#match? @_m "^(define_method|define_singleton_method|task|scope|namespace)$")) @method
(call method: (identifier) @_m arguments: (argument_list . (simple_symbol) @name . (lambda))
  (#eq? @_m "scope")) @method
(call !receiver method: (identifier) @_m arguments: (argument_list (simple_symbol) @name) @property
  (#match? @_m "^(attr_accessor|attr_reader|attr_writer|attribute)$"))

; A modifier called on a definition belongs to its range.
(call !receiver method: (identifier) @prefix arguments: (argument_list . [(method) (singleton_method)])
  (#match? @prefix "^(private|protected|public|private_class_method|module_function|memoize|memo_wise)$"))

(call method: (identifier) @reference)
(superclass [(constant) @reference (scope_resolution name: (constant) @reference)])
(call receiver: (constant) @reference)
