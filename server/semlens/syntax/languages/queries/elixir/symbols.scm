(unary_operator operator: "@" operand: (call target: (identifier) @_doc (arguments [(string) (sigil)]))
  (#match? @_doc "^(doc|moduledoc|typedoc)$")) @documentation
(unary_operator operator: "@" operand: (call target: (identifier) @_spec)
  (#match? @_spec "^(spec|impl|deprecated|decorate|tag)$")) @prefix

(call target: (identifier) @_kind (arguments . (alias) @name) (do_block)? @body (#eq? @_kind "defmodule")) @module
(call target: (identifier) @_kind (arguments . (alias) @name) (do_block)? @body (#eq? @_kind "defprotocol")) @interface
(call target: (identifier) @_kind (arguments . (alias) @receiver (keywords (pair value: [(alias) (list)] @name)))
  (do_block)? @body (#eq? @_kind "defimpl")) @class
(call target: (identifier) @_kind (arguments . (alias) @name .) (do_block)? @body (#eq? @_kind "defimpl")) @class
(call target: (identifier) @_kind
  (arguments . [
    (call target: (identifier) @name (arguments) @arity)
    (identifier) @name
    (binary_operator left: (call target: (identifier) @name (arguments) @arity) operator: "when")
    (binary_operator left: (identifier) @name operator: "when")])
  (do_block)? @body
  (#match? @_kind "^(def|defp|defmacro|defmacrop|defguard|defguardp|defdelegate|defn|defnp)$")) @function.arity
(call target: (identifier) @_kind (arguments . (binary_operator operator: _ @name) @arity) (do_block)? @body
  (#match? @_kind "^(def|defp|defmacro|defmacrop)$") (#not-eq? @name "when")) @function.arity
(unary_operator operator: "@" operand: (call target: (identifier) @_kind (arguments . (binary_operator
  left: [(identifier) @name (call target: (identifier) @name)]))) (#match? @_kind "^(type|typep|opaque)$")) @struct
(unary_operator operator: "@" operand: (call target: (identifier) @_kind (arguments . (binary_operator
  left: (call target: (identifier) @name (arguments) @arity)))) (#match? @_kind "^(callback|macrocallback)$")) @function.arity
(call target: (identifier) @name (#match? @name "^(defstruct|defexception)$")) @struct
(call target: (identifier) @_kind (arguments . (string (quoted_content) @name)) (do_block) @body
  (#match? @_kind "^(test|describe|property)$")) @function
(do_block (unary_operator operator: "@" operand: (call target: (identifier) @name (arguments . [(integer) (string) (atom)
  (list) (map) (tuple) (keywords) (sigil) (float) (boolean)]))) @constant
  (#not-match? @name "^(doc|moduledoc|typedoc|spec|type|typep|opaque|callback|impl|behaviour|derive|tag|moduletag|deprecated)$"))
