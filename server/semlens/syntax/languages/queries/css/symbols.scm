(rule_set (selectors) @name (block) @body) @class
(keyframes_statement (keyframes_name) @name (_) @body) @function
(media_statement "@media" @name (_) @name.until . (block) @body) @module
(at_rule (at_keyword) @name (block) @body) @module
(rule_set (block (declaration (property_name) @name) @variable) (#match? @name "^--"))
