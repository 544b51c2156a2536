pub trait Tr { type Out; const N: usize; fn req(&self); fn def(&self) {} }
impl<T: Clone> Tr for Vec<T> where T: Copy { type Out = T; const N: usize = 1; fn req(&self) {} }
impl Foo { pub async fn new() -> Self { fn inner() {} struct Loc; Foo } pub const fn c() {} }
macro_rules! mac { ($x:expr) => { $x }; }
pub(crate) mod m { pub fn f() {} pub enum E { A { x: u8 }, B(u8) } }
pub union U { a: u8 }
static S: u8 = 1;
pub type Al = u8;
impl<'a> Iterator for &'a Foo { fn next(&mut self) {} }
unsafe impl Send for Foo {}
pub struct G<T>(pub T);
#[derive(Debug)]
pub struct H { pub a: u8, b: u8 }
impl fmt::Display for dyn Tr { fn fmt(&self) {} }
