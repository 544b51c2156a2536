(rule_set (selectors) @name (block) @body) @class
(mixin_statement name: (identifier) @name (block) @body) @function
(function_statement name: (identifier) @name (block) @body) @function
(keyframes_statement (keyframes_name) @name (_) @body) @function
(media_statement "@media" @name (_) @name.until . (block) @body) @module
(stylesheet (declaration (property_name) @name) @variable)
(include_statement (identifier) @reference)
