package com.foo
package bar
import a.b.{C, D}
/** Doc */
@ann
abstract class A[T](val x: Int) extends B(x) with C {
  val p: Int = 1
  var q = 2
  type Al = Int
  def m(a: Int)(implicit b: String): String = { foo(a); x.bar(); new Baz() ; "" }
  def n: Int
  def this(z: String) = this(1)
  class In
}
object A { def apply(x: Int) = x; val K = 1 }
case class D(a: Int)
trait T { def r(): Unit; def s() = { def inner() = 1; inner() } }
enum Color { case Red, Green; case Custom(x: Int); def f = 1 }
given ord: Ordering[Int] with { def compare(a: Int, b: Int) = 0 }
extension (s: String) def shout = s
def top(x: Int): Int =
  x + 1
case object Single
package object pk { def z = 1 }
