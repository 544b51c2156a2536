(source_file (string_literal) @documentation)
(block (string_literal) @documentation)
(macrocall_expression (macro_identifier) @prefix (macro_argument_list . [(function_definition) (struct_definition)]))

(module_definition name: (identifier) @name (block)? @body) @module
(function_definition (signature [
  (call_expression . (_) @name)
  (typed_expression . (call_expression . (_) @name))
  (where_expression . (call_expression . (_) @name))
  (where_expression . (typed_expression . (call_expression . (_) @name)))]) (block)? @body) @function
(function_definition (signature (identifier) @name)) @function
(assignment . [
  (call_expression . (_) @name)
  (typed_expression . (call_expression . (_) @name))
  (where_expression . (call_expression . (_) @name))] . (operator) . (_) @body) @function
(assignment . (identifier) @name . (operator) . (arrow_function_expression) @body) @function
(macro_definition (signature (call_expression . (_) @name)) (block)? @body) @function
(struct_definition (type_head [(identifier) @name (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])]) (block)? @body) @struct
(abstract_definition (type_head [(identifier) @name (parametrized_type_expression . (identifier) @name)
  (binary_expression . [(identifier) @name (parametrized_type_expression . (identifier) @name)])])) @interface
(primitive_definition (type_head [(identifier) @name (binary_expression . (identifier) @name)])) @struct
(const_statement (assignment . (identifier) @name)) @constant

(call_expression . [(identifier) @reference (field_expression (identifier) @reference .)])
(using_statement (identifier) @reference.import)
