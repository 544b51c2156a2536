package com.foo.bar;
import java.util.List;
/** doc A */
@Ann(x=1) public abstract class A<T> extends B implements C, D {
  @Inject private final int x = 1, y;
  static final String K = "k";
  static { init(); }
  public A(int x) { this.x = x; }
  /**
   * Says.
   * @param u what
   */
  @Override public <U> List<U> m(U u) throws E { foo(); a.b(); new Foo(); return null; }
  abstract void n();
  interface I { int z = 1; void q(); default void r() {} }
  enum En { X, Y(1) { void f() {} }; int v; En() {} }
  record R(int a, String b) { R { check(); } static void s() {} }
  @interface An { String value() default ""; }
}
