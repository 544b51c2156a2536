#' Doc
#' @param x
add <- function(x, y = 1) {
  foo(x); pkg::bar(y)
}
f2 = function(x) x
K <- 10
setClass("Foo", representation(a = "numeric"))
setMethod("show", "Foo", function(object) {})
Person <- R6Class("Person", public = list(name = NULL, hello = function() {}))
outer <- function() { inner <- function() 1 }
\(x) x
