(** Doc *)
val add : int -> int -> int
type t
module M : sig val z : int end
exception E
