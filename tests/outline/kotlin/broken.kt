package shop

context(Ledger)
fun Map.Entry<String, Int>.book() {}

fun interface Rule { fun holds(): Boolean }

fun String?.orNothing(): String = this ?: ""

fun <T> List<T>.second(): T { return this[1] }

class Open {
    fun broken(): Int {
        val x = (1 +
    }

fun Map.Entry<String, Int>.again() {}

fun interface Other { fun holds(): Boolean }

fun String?.orText(): String = this ?: ""
