(class_declaration name: (identifier) @name body: (_) @body) @class
(field_definition property: [(property_identifier) (private_property_identifier)] @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @method
(field_definition property: [(property_identifier) (private_property_identifier)] @name) @field
(class_heritage [(identifier) @reference.base (member_expression property: (property_identifier) @reference.base)])
(jsx_opening_element name: (identifier) @reference (#match? @reference "^[A-Z]"))
(jsx_self_closing_element name: (identifier) @reference (#match? @reference "^[A-Z]"))
