(create_table (object_reference) @name (column_definitions)? @body) @struct
(create_table (column_definitions (column_definition name: (identifier) @name) @field))
(create_view (object_reference) @name (create_query)? @body) @struct
(create_materialized_view (object_reference) @name (create_query)? @body) @struct
(create_index column: (identifier) @name) @key
(create_function (object_reference) @name (function_body)? @body) @function
(create_trigger . (_)* (keyword_trigger) . (object_reference) @name) @function
(create_type (object_reference) @name) @class
(create_schema (identifier) @name) @namespace
(create_sequence (object_reference) @name) @variable

(relation (object_reference name: (identifier) @reference.use))
(invocation (object_reference name: (identifier) @reference))
