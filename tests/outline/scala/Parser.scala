package org.example
package parsing

import scala.util.{Failure, Success, Try}

/** Parses text. */
sealed trait Parser[+A] {
  def parse(input: String): Result[A]

  def map[B](f: A => B): Parser[B] = new Parser[B] {
    override def parse(input: String): Result[B] = Parser.this.parse(input).map(f)
  }

  final val name: String = getClass.getName
}

object Parser {
  private val Digits = "0123456789".toSet
  type Result[A] = Either[String, (A, String)]

  def apply[A](run: String => Result[A]): Parser[A] = ???

  implicit class Ops(private val text: String) extends AnyVal {
    def parser: Parser[String] = literal(text)
  }

  @tailrec
  def many(count: Int)(implicit limit: Limit): List[Int] = {
    def loop(rest: Int): List[Int] = if (rest == 0) Nil else rest :: loop(rest - 1)
    loop(count)
  }
}

final case class Token(kind: Kind, text: String) {
  lazy val length = text.length
}

abstract class Base(val size: Int) {
  def this() = this(0)
  protected def close(): Unit
  var open = true
}

case object End extends Kind
