extension String: P { func ext() -> Int { 1 }
 var len: Int { count } 
 static let z = 1 }
extension Foo.Bar where T: Eq { func inBar() {} }
struct S<T> { let a: Int, b: Int
 lazy var c = 1
 subscript(i: Int) -> Int { get { 1 } set {} }
 init?(x: Int) { nil } 
 static func + (l: S, r: S) -> S { l } 
 mutating func m() {} 
 enum Inner { case a(Int), b
 indirect case c } }
protocol P { associatedtype A; var v: Int { get }; func f(); init() ; static func s() }
actor Ac { func iso() async {} 
 nonisolated let x = 1 }
final class C: NSObject { deinit { } 
 @objc dynamic func obj() {} 
 convenience init() { self.init() } 
 class func cf() {} }
typealias T = Int
let top = 1
func gen<T>(_ x: T) where T: P { func nested() {} }
macro m() = #externalMacro(module: "a", type: "b")
infix operator **: Mul
