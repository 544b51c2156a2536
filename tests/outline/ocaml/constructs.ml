open List
(** Doc *)
let add x y = x + y
let rec fact n = if n = 0 then 1 else n * fact (n - 1)
and other = 2
let k = 3
type t = A | B of int
type r = { x : int; mutable y : string }
module M = struct let z = 1 let f () = () end
module type S = sig val x : int end
module F (X : S) = struct end
exception E of string
class c = object method m = 1 val v = 2 end
external ext : int -> int = "x"
let (+|) a b = a
let () = print_endline "x"
let f = fun x -> x
