package p.q
fun String.ext(x: Int): Int = x
class K(val a: Int) { companion object { const val Z = 1; fun make() = K(1) } 
 companion object Named { fun n() {} }
 init { println() } 
 inner class I { fun f() {} } 
 var prop: Int get() = 1 
   set(v) { } 
 constructor() : this(1) 
 operator fun plus(o: K) = this }
object Single { fun go() {} }
sealed interface S { data class A(val x: Int) : S
 data object B : S }
fun interface FI { fun run() }
enum class En(val c: Int) { ONE(1) { override fun f() = 2 }, TWO(2); abstract fun f(): Int }
val <T> List<T>.last2: T get() = this[0]
typealias TA = Map<String, Int>
suspend inline fun <reified T> gen(crossinline b: () -> T) = b()
val lam = { x: Int -> x }
infix fun Int.shl2(x: Int) = 1
annotation class Ann
value class V(val s: String)

fun String?.orNothing(): String = this ?: ""
fun Map.Entry<String, Int>.shown(): String = key
