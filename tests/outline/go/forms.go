package p
type G[T any] struct { A, B T; *Emb; C func() }
func (g *G[T]) M() {}
func (G[T]) V() {}
func Gen[T any, U comparable](x T) {}
type I interface { M(); Emb; ~int | string }
type ( X int; Y = string; F func(int) error )
const ( c1 = iota; c2; C3 )
var v1, v2 = 1, 2
var h = func() {}
var _ I = (*G[int])(nil)
func init() {}
func outer() { type loc struct { q int }; var t struct { z int }; _ = t }
