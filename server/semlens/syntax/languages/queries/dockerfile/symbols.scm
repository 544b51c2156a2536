(from_instruction as: (image_alias) @name) @module
(from_instruction (image_spec name: (image_name) @name) !as) @module
(arg_instruction name: (_) @name) @constant
