(binding attrpath: (_) @name expression: (function_expression body: (_) @body)) @function
(binding attrpath: (_) @name expression: (apply_expression argument: (attrset_expression) @body)) @class
(let_expression (binding_set (binding attrpath: (_) @name) @constant))
(source_code expression: (attrset_expression (binding_set (binding attrpath: (_) @name) @property)))
(source_code expression: (function_expression body: (attrset_expression (binding_set (binding attrpath: (_) @name) @property))))
(let_expression body: (attrset_expression (binding_set (binding attrpath: (_) @name) @property)))
