(table . "[" . (_) @name) @module
(table_array_element . "[[" . (_) @name) @module
(document (pair . (_) @name) @key)
