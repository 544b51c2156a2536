<?php
namespace A\B;
use X\Y;
abstract class C extends D implements I { use T1, T2 { T1::f insteadof T2; } const K = 1, L = 2; public ?int $p = 1, $q; 
 public function __construct(private readonly int $prom, protected $x = 1) {} 
 abstract protected function ab(): void; static function st() { return fn($x) => $x; } final public function m(): static { function inner() {} } }
trait T1 { public function tf() {} }
enum Suit: string { case H = 'h'; case S = 's'; const X = self::H; public function label(): string { return ''; } }
interface I { const Z = 1; public function im(); }
function top(int $a): int { return 1; }
$clo = function () use ($x) { };
$arr = fn($x) => $x;
define('KONST', 1);
const TOPC = 2;
$o = new class extends C { public function anon() {} };
if (!function_exists('cond')) { function cond() {} }
