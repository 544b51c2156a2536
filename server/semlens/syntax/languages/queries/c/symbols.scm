(function_definition declarator: (_) @name.chain body: (_) @body) @function
