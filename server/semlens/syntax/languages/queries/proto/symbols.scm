(package (full_ident) @name) @package
(message (message_name) @name (message_body) @body) @struct
(enum (enum_name) @name (enum_body) @body) @enum
(enum_field (identifier) @name) @enummember
(service (service_name) @name "{" @body) @interface
(rpc (rpc_name) @name) @method
(field (identifier) @name) @field
(map_field (identifier) @name) @field
(oneof_field (identifier) @name) @field
(oneof (identifier) @name) @field
(extend (full_ident) @name (message_body) @body) @scope.type

(rpc (message_or_enum_type) @reference.use)
(field (type (message_or_enum_type) @reference.use))
