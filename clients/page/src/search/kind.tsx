/** The kind of a symbol as one letter, with its name for those who ask. */

const GLYPHS: Record<string, string> = {
  class: "C",
  struct: "S",
  interface: "I",
  enum: "E",
  enummember: "e",
  function: "ƒ",
  method: "m",
  constructor: "m",
  property: "p",
  field: "p",
  variable: "v",
  constant: "K",
  module: "M",
  namespace: "N",
  package: "M",
  file: "F",
  typeparameter: "T",
};

export function Kind({ kind }: { kind: string }) {
  return (
    <span class={`kind kind-${kind}`} title={kind} role="img" aria-label={kind}>
      {GLYPHS[kind] ?? kind.slice(0, 1)}
    </span>
  );
}
