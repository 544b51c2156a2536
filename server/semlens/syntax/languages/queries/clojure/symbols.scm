(list_lit . (sym_lit) @_def . (sym_lit) @name (#eq? @_def "ns")) @package
(source (list_lit . (sym_lit) @_def . (sym_lit name: (sym_name) @name) . (str_lit)? @body
  (#match? @_def "^(defn|defn-|defmacro|defmulti|deftest|>defn|s/defn|defn/spec)$")) @function)
(source (list_lit . (sym_lit) @_def . (sym_lit name: (sym_name) @name) . (_) @name.until
  (#eq? @_def "defmethod")) @method)
(source (list_lit . (sym_lit) @_def . (sym_lit name: (sym_name) @name) (#match? @_def "^(defprotocol|definterface)$")) @interface)
(source (list_lit . (sym_lit) @_def . (sym_lit name: (sym_name) @name) (#match? @_def "^(defrecord|deftype|defstruct)$")) @class)
(source (list_lit . (sym_lit) @_def . (sym_lit name: (sym_name) @name) (#match? @_def "^(def|defonce|s/def)$")) @constant)

(list_lit . (sym_lit name: (sym_name) @reference))
