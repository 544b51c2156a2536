package net
import ( "fmt"; x "y/z" )
// Doc of F
// second.
func F(a int) (string, error) { return fmt.Sprint(x.Y()), nil }
func (r *Recv[T]) M() {}
func (Recv) N() {}
type S struct { A, B int `json:"a"`; Embedded; C func() }
func (s S) Sm() {}
type I interface { M(a int) error; ~int | string; fmt.Stringer }
type ( A = B; G[T any] []T )
// group
type (
  // Doc P
  P struct { x int }
)
const ( X = iota; Y )
const Single = 3
var Err, Z = errors.New("x"), 2
var f = func() {}
var (
   q = 1
)
func init() { g := func() {}; T{}.x() }
