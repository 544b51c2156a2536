/// doc S
#[derive(Debug)]
pub struct S<T> { pub a: u32, #[x] b: T }
struct U(u32); struct Unit;
enum E { A, B(u8), C { x: u8 } }
impl<T> fmt::Display for S<T> where T: X { const K: u8 = 1; type Out = u8; fn fmt(&self) -> R { self.x(); foo::bar(); mac!(x) } }
impl S<u8> { pub(crate) async unsafe fn new() -> Self { fn inner() {} let c = |x| x; S { a: 1 } } }
impl Tr for &mut [u8] { fn q() {} } 
impl Tr for a::b::C { fn z() {} } 
pub trait Tr: Super { const C: u8; type T; fn req(&self); fn prov(&self) {} }
mod m { pub fn f() {} 
   #[cfg(test)]
   // hi
   #[test]
   fn g() {} }
mod ext;
macro_rules! mac { ($x:expr) => { $x } }
pub const MAX: u8 = 1; static mut ST: u8 = 2; type Al<T> = S<T>;
extern "C" { fn ex(a: u8); static Q: u8; }
use a::{b, c as d};
