package a.b
import x.y
object O:
  def f(x: Int): Int = x
  given intOrd: Ord[Int] with
    def compare(x: Int, y: Int) = 1
  extension (s: String)
    def twice: String = s + s
    def thrice = s
  enum Color(val rgb: Int):
    case Red extends Color(1)
    case Green, Blue
  case class P(a: Int, b: String)
  type T = Int
  opaque type Op = Int
  lazy val lz = 2
  var vr = 3
  implicit class Rich(x: Int) { def sq = x * x }
  implicit def conv(x: Int): String = ""
class C(val a: Int)(using Ord[Int]) { def this() = this(1); override def toString = ""; private[this] def p = 1 }
def topLevel = 1
