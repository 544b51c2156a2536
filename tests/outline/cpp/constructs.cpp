namespace a::b { namespace { int anon() { return 1; } } }
namespace x {
// doc Foo
template <typename T, int N = 3> class Foo : public Bar<T>, private Q {
 public:
  explicit Foo(int a) : a_(a) {}
  ~Foo();
  virtual void m() const override = 0;
  Foo& operator=(const Foo&) = default;
  bool operator()(int x) const { return true; }
  operator bool() const;
  static int s_;
  template <class U> void tm(U u) { u.go(); }
  enum class E : int { A, B };
  struct In { int v; };
  using T2 = int;
  friend void fr();
  int a_ = 0, b_;
};
template <class T> void Foo<T>::m() const { std::move(x); this->y(); n::z<int>(); }
}
x::Foo<int>::~Foo() {}
int *x::y::ptr() { auto l = [](int a) { return a; }; return nullptr; }
const std::string& ref() noexcept { return s; }
using Alias = int; typedef int T3;
constexpr int K = 3;
template<> struct Foo<int> { };
concept C1 = true;
template <typename T> concept Q = requires { true; };
extern "C" { void c_fn(void) {} }
union U { int a; };
auto trail() -> int { return 1; }
MACRO(x) { foo; }
std::ostream& operator<<(std::ostream& o, const F& f) { return o; }
x::Foo::operator int() { return 1; }
