import 'x.dart';
/// Doc
@ann
abstract class A<T> extends B with M implements C {
  final int x = 1;
  static const k = 2;
  A(this.x);
  A.named(int y) : x = y;
  factory A.make() => A(1);
  int get g => 1;
  set s(int v) {}
  Future<void> m(int a, {String? b}) async { foo(a); this.x(); }
  void n();
  A operator +(A o) => o;
}
mixin M on Q { void mm() {} }
extension E on String { int ext() => 1; }
enum Color { red, green; void f() {} }
typedef F = int Function(int);
int top(int x) { void inner() {} return 1; }
const z = 1;
var f = (x) => x;
