(spec) @prefix

(module_attribute name: (atom) @name) @package
(fun_decl clause: (function_clause name: (_) @name args: (_) @arity body: (_) @body)) @function.arity
(record_decl name: (atom) @name) @struct
(pp_define lhs: (macro_lhs name: (_) @name args: (_))) @function
(pp_define lhs: (macro_lhs name: (_) @name)) @constant
(type_alias name: (type_name name: (atom) @name)) @class
(opaque name: (type_name name: (atom) @name)) @class
(callback fun: (atom) @name) @function

(call expr: [(atom) @reference (remote fun: (atom) @reference)])
