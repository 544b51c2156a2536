#include <string>
namespace a::b { inline namespace v1 { template<typename T> class C; } 
template <typename T, int N = 3> class V : public B<T> { public: V() = default; explicit V(int) : x(1) {} ~V(); 
 template<class U> void m(U u) const noexcept override; V& operator=(const V&) = delete; T& operator[](int i) { return d[i]; }
 operator bool() const; static constexpr int k = 1; friend std::ostream& operator<<(std::ostream& o, const V& v); 
 struct Inner { int z; }; enum class E : int { A, B }; using type = T; private: int x, *y; std::vector<int> w{}; virtual void pv() = 0; }; }
template <typename T> T& a::b::V<T>::at(int i) { return d[i]; }
void a::C::out() const {}
a::C::C(int x) : y(x) {}
a::C::~C() {}
bool operator==(const A& l, const B& r) { return true; }
template<> struct hash<Foo> { size_t operator()(const Foo&) const; };
auto lam = [](int x) { return x; };
extern "C" { void cfun(int); int cdef() { return 1; } }
template <class T> concept Con = requires(T t) { t.x(); };
namespace { int anon() { return 1; } }
using Al = int;
typedef unsigned long ulong_t;
auto trailing(int a) -> std::vector<int> { return {}; }
int main() { struct L { void lm() {} }; }
