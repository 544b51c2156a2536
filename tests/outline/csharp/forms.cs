namespace A.B;
public partial record struct R(int X, string Y) { public int Z { get; init; } }
public record class Rec(int Q);
public static class Ext { public static int Foo(this string s) => 1; }
public partial class C<T> : Base where T : class { 
  private readonly int _a, _b; public const string K = "x"; public event EventHandler E; 
  public event EventHandler E2 { add {} remove {} }
  public int P => 1; public int this[int i] { get => 1; } public required string Rq { get; set; } = "";
  static C() {} public C(int a) : base(a) {} ~C() {} 
  public static C<T> operator +(C<T> a, C<T> b) => a; public static implicit operator int(C<T> c) => 1; 
  void IFace.Explicit() { } 
  int M() { int Local(int x) { return x; } async Task L2() => await X(); return Local(1); }
  public delegate void D(int x); enum En { A = 1, B } interface IN { void F(); } struct St { public int f; } }
file class Hidden;
