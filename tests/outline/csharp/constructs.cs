using System;
namespace Foo.Bar;
/// <summary>Doc</summary>
[Serializable]
public abstract partial class A<T> : B, IC where T : class {
  private readonly int _x = 1, _y;
  public const string K = "k";
  static A() {}
  public A(int x) : base(x) { }
  ~A() {}
  [Test] public async Task<int> M<U>(U u) { await Foo.Bar(u); new Baz(); return 1; }
  public int P { get; set; } = 3;
  public int Q => _x;
  public int this[int i] { get { return i; } }
  public event EventHandler E;
  public static A operator +(A a, A b) => a;
  public static implicit operator int(A a) => 1;
  delegate void D(int x);
  void Local() { int inner(int z) => z; }
  void IC.Explicit() {}
  enum En { X = 1, Y }
  struct S { public int z; }
  interface I { void N(); int R { get; } }
  record Rec(int A, string B) { public int C => 1; }
}
public delegate int Top(int x);
