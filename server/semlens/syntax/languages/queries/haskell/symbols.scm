(signature) @prefix

(haskell (header module: (_) @name)) @package
(function name: (_) @name) @function
(function (infix operator: (_) @name)) @function
(declarations (bind name: (_) @name) @function)
(class_declarations (bind name: (_) @name) @function)
(instance_declarations (bind name: (_) @name) @function)
(class_declarations (signature name: (_) @name) @method)
(data_type name: (_) @name constructors: (_)? @body) @struct
(newtype name: (_) @name constructor: (_)? @body) @struct
(data_constructor constructor: (_ name: (_) @name)) @enummember
(newtype_constructor name: (_) @name) @enummember
(gadt_constructor name: (_) @name) @enummember
(field_name (variable) @name) @field
(pattern_synonym (equation synonym: [(apply function: (constructor) @name) (infix operator: (_) @name) (constructor) @name])) @function
(type_synomym name: (_) @name) @class
(type_family name: (_) @name) @class
(class name: (_) @name declarations: (_)? @body) @interface
(instance name: (_) @name patterns: (_) @name.until declarations: (_)? @body) @class

(apply function: (variable) @reference)
(infix operator: (operator) @reference)
(import module: (module) @reference.import)
