<?php
namespace App\Http;
use Foo\Bar;
/** Doc */
#[Attr]
abstract class A extends B implements C {
  use T1, T2;
  const K = 1;
  public static $s = 1;
  private ?int $x;
  public function __construct(private int $a) { parent::__construct(); }
  #[Route('/x')]
  public static function m(int $a = 1): string { $this->y(); self::z(); foo(); new Bar(); return ''; }
  abstract protected function n();
}
interface I { public function q(); }
trait T { function r() {} }
enum Suit: string { case Hearts = 'H'; const X = 1; public function label() {} }
function top() { function inner() {} $f = function() {}; }
const Z = 2;
define('ZZ', 3);
$g = fn($x) => $x;
$h = function ($y) { return $y; };
