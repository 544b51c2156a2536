(source_file "pub" @prefix)
(ContainerDecl "pub" @prefix)

(Decl (FnProto function: (IDENTIFIER) @name) (Block)? @body) @function
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name
  (ErrorUnionExpr (SuffixExpr (ContainerDecl (ContainerDeclType) @_type) @body))) (#match? @_type "^enum")) @enum
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name
  (ErrorUnionExpr (SuffixExpr (ContainerDecl) @body)))) @struct
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name (ErrorUnionExpr (SuffixExpr (ErrorSetDecl) @body)))) @enum
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name (ErrorUnionExpr (SuffixExpr (BUILTINIDENTIFIER) @_b)))
  (#eq? @_b "@import")) @ignore
(source_file (Decl (VarDecl "const" variable_type_function: (IDENTIFIER) @name)) @constant)
(source_file (Decl (VarDecl "var" variable_type_function: (IDENTIFIER) @name)) @variable)
(ContainerDecl (Decl (VarDecl "const" variable_type_function: (IDENTIFIER) @name)) @constant)
(ContainerField field_member: (IDENTIFIER) @name) @field
(ContainerField !field_member (ErrorUnionExpr (SuffixExpr variable_type_function: (IDENTIFIER) @name))) @enummember
(ErrorSetDecl field_constant: (IDENTIFIER) @name @enummember)
(TestDecl [(STRINGLITERALSINGLE) (IDENTIFIER)] @name (Block) @body) @function
