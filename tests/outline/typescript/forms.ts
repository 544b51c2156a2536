export function over(a: string): string;
export function over(a: number): number;
export function over(a: any) { return a; }
namespace NS.Inner { export const k = 1; export const fn = () => 2; function hidden() {} export class C {} }
export const x = { m() { return 1 }, p: () => 2, q: function () {}, nested: { r() {} } };
export default { name: 'c', methods: { go() {} } };
abstract class A<T> { constructor(private a: string) {} static s = 1; get g() { return 1 } abstract ab(): void; #p = 2; ["computed"]() {} over(a: string): void; over(a: number): void; over(a: any) {} }
declare module "foo" { export function inMod(): void; }
declare global { interface Window { foo: string } }
export type U = { a: string };
export enum E { A = 1, B }
export const enum CE { X }
const [a1, b1] = [1, 2];
export const useStore = create<State>()((set) => ({ inc: () => set(1) }));
