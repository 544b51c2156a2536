import Foundation
/// Doc
@objc public class A<T>: B, P where T: Q {
  let x: Int = 1
  static var y = 2
  var comp: Int { return 1 }
  init(x: Int) { super.init() }
  deinit { }
  @discardableResult func m(_ a: Int, with b: String) throws -> String { foo(a); self.bar(); return "" }
  class func cf() {}
  subscript(i: Int) -> Int { get { 1 } }
  enum E: String { case a, b = "x"; case c(Int); func f() {} }
  struct In {}
}
protocol P: AnyObject { func n(); var z: Int { get } ; associatedtype X; init() }
extension A: Q { func ext() {} }
extension Foo.Bar { func ext2() {} }
struct S { func t() {} }
func top<T>(x: T) { func inner() {} let c = { (a: Int) in a } }
typealias Al = Int
let g = 1
actor Ac { func go() async {} }
func + (a: A, b: A) -> A { a }
