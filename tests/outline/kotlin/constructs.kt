package com.foo
import a.b.C

/** Doc */
@Ann
abstract class A<T>(val x: Int, y: String) : B(x), I where T : Any {
  init { foo() }
  constructor(z: Int) : this(z, "") { bar() }
  val p: Int = 1
  var q: String
    get() = "x"
    set(v) { field = v }
  override suspend fun m(a: Int): String { 
    bar(a); x.baz(); return "" 
  }
  abstract fun n()
  companion object {
    const val K = 1
    fun make() = A()
  }
  inner class In
  enum class E {
    X, 
    Y { 
      override fun f() {} 
    };
    fun g() {}
  }
}
data class D(val a: Int)
sealed interface I {
  fun r() 
}
object Single { 
  fun s() {}
}
fun String.ext(n: Int): Int = n
fun top() { 
  fun local() {}
  val l = { x: Int -> x }
}
typealias Al = Map<String, Int>
const val TOP = 1
val lazyVal by lazy { 1 }
annotation class An
