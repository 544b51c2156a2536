(module name: (_) @name body: (_)? @body) @module
(class name: (_) @name body: (_)? @body) @class
(assignment left: (constant) @name
  right: (call receiver: (constant) @_r method: (identifier) @_m block: (_ body: (_)? @body))
  (#match? @_r "^(Struct|Class|Module|Data)$") (#match? @_m "^(new|define)$")) @class
(singleton_method name: (_) @name body: (_)? @body) @function.static
(singleton_class body: (body_statement (method name: (_) @name body: (_)? @body) @function.static))
(method name: (_) @name body: (_)? @body) @function
(program (assignment left: (constant) @name) @constant)
(body_statement (assignment left: [(constant) (scope_resolution)] @name) @constant)
(call method: (identifier) @_m arguments: (argument_list . [(simple_symbol) (string)] @name) block: (_) @body
  (#match? @_m "^(define_method|define_singleton_method|task|scope|namespace)$")) @method
(call !receiver method: (identifier) @_m arguments: (argument_list . [(simple_symbol) (string)] @name)
  (#eq? @_m "alias_method")) @method
(alias name: (_) @name) @method
(call method: (identifier) @_m arguments: (argument_list . (simple_symbol) @name . (lambda))
  (#eq? @_m "scope")) @method
(call !receiver method: (identifier) @_m arguments: (argument_list (simple_symbol) @name)
  (#match? @_m "^(attr_accessor|attr_reader|attr_writer|attribute)$")) @property

; A modifier called on a definition belongs to its range.
(call !receiver method: (identifier) @prefix arguments: (argument_list . [(method) (singleton_method)])
  (#match? @prefix "^(private|protected|public|private_class_method|module_function|memoize|memo_wise)$"))

(call method: (identifier) @reference)
(superclass [(constant) @reference.base (scope_resolution name: (constant) @reference.base)])
(call receiver: (constant) @reference.use)
