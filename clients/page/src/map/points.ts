/** The points of the map as columns. The number of a point is its place in them. */

export interface Points {
  count: number;
  x: Float32Array;
  y: Float32Array;
  folder: Uint16Array;
  language: Uint16Array;
  kind: Uint8Array;
}

export type Column = "folder" | "language" | "kind";

/** Little-endian, as docs/protocol.md describes it. */
export function readPoints(bytes: ArrayBuffer): Points {
  const count = new DataView(bytes).getUint32(0, true);
  const expected = 4 + count * 13;
  if (bytes.byteLength < expected) throw new Error("The map is not whole. Reload the page.");
  let at = 4;
  const part = (size: number): ArrayBuffer => bytes.slice(at, (at += size * count));
  return {
    count,
    x: new Float32Array(part(4)),
    y: new Float32Array(part(4)),
    folder: new Uint16Array(part(2)),
    language: new Uint16Array(part(2)),
    kind: new Uint8Array(part(1)),
  };
}

export const N_COLOURS = 8;

/** The most frequent values of a column have a colour, 0 to 7; the others share the last, 8. */
export function rankedValues(
  column: ArrayLike<number>,
  names: string[],
): { value: number; name: string; count: number }[] {
  const counts = new Map<number, number>();
  for (let index = 0; index < column.length; index++) counts.set(column[index]!, (counts.get(column[index]!) ?? 0) + 1);
  return [...counts]
    .sort((one, other) => other[1] - one[1] || one[0] - other[0])
    .map(([value, count]) => ({ value, name: names[value] || "(top)", count }));
}

export function coloursOf(column: ArrayLike<number>, ranked: { value: number }[]): Uint8Array {
  const colours = new Map(ranked.slice(0, N_COLOURS).map(({ value }, rank) => [value, rank]));
  return Uint8Array.from(column, (value) => colours.get(value) ?? N_COLOURS);
}
