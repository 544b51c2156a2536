package shop

context(Ledger)
fun Map.Entry<String, Int>.book() {}

fun interface Rule { fun holds(): Boolean }

fun <T> List<T>.second(): T { return this[1] }

fun broken( {
