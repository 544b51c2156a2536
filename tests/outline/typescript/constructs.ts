/** Doc of A. */
@Injectable()
export abstract class A<T> extends B implements C {
  @Input() readonly x: number = 1;
  static y = () => { z(); };
  constructor(private a: string) { super(); }
  // about foo
  @HostListener('x') async get foo(): string { return ''; }
  abstract bar(): void;
  #priv = 1;
  f?(a: number): void;
}
interface I extends J { a: string; m(x: number): void; (x: number): string; new (x): I; }
type T1 = { a: string };
enum E { A = 1, B }
namespace N.M { export const q = 1; export function f() {} }
declare module "foo" { function g(): void; }
declare function h(): void;
function over(a: string): void;
function over(a: any) {}
export default class {}
const obj = { a() {}, b: function() {}, c: () => 1, get d() { return 1 }, 'e-f': 1, g: { h() {} } };
export const arrow = async <T,>(x: T) => x;
abstract class Q {}
module.exports.foo = function () {};
Foo.prototype.bar = function baz() {};
this.z = function() {};
function outer() { const opts = { run() { inner.call(); } }; }
