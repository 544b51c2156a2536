/** Two pieces of code side by side: which lines are the same, and which words of the others differ. */
import { diffArrays, diffWordsWithSpace } from "diff";

/** Whether a stretch differs, and its text. */
export type Part = [differs: boolean, text: string];

export interface Row {
  /** Line numbers within each piece from 0, or null where it has no such line. */
  left: { line: number; parts: Part[] } | null;
  right: { line: number; parts: Part[] } | null;
  isSame: boolean;
}

/** More words than this in a line are compared as a whole. */
const MAX_LINE = 400;

export function rowsOf(left: string[], right: string[]): Row[] {
  const rows: Row[] = [];
  let at = 0;
  let other = 0;
  const bare = (lines: string[]) => lines.map((line) => line.trim());
  const changes = diffArrays(bare(left), bare(right));
  for (let index = 0; index < changes.length; index++) {
    const change = changes[index]!;
    const next = changes[index + 1];
    if (!change.added && !change.removed) {
      for (let step = 0; step < change.value.length; step++, at++, other++) {
        rows.push({ left: plain(at, left), right: plain(other, right), isSame: true });
      }
      continue;
    }
    const removed = change.removed ? change.value.length : next?.removed ? next.value.length : 0;
    const added = change.added ? change.value.length : next?.added ? next.value.length : 0;
    if (next && (next.added || next.removed)) index++;
    for (let step = 0; step < Math.max(removed, added); step++) {
      const hasLeft = step < removed;
      const hasRight = step < added;
      const [one, two] = hasLeft && hasRight ? words(left[at + step]!, right[other + step]!) : [null, null];
      rows.push({
        left: hasLeft ? { line: at + step, parts: one ?? [[true, left[at + step]!]] } : null,
        right: hasRight ? { line: other + step, parts: two ?? [[true, right[other + step]!]] } : null,
        isSame: false,
      });
    }
    at += removed;
    other += added;
  }
  return rows;
}

function plain(line: number, lines: string[]) {
  return { line, parts: [[false, lines[line]!]] as Part[] };
}

function words(left: string, right: string): [Part[], Part[]] {
  if (left.length > MAX_LINE || right.length > MAX_LINE) return [[[true, left]], [[true, right]]];
  const one: Part[] = [];
  const two: Part[] = [];
  for (const { added, removed, value } of diffWordsWithSpace(left, right)) {
    if (!added) one.push([removed, value]);
    if (!removed) two.push([added, value]);
  }
  return [one, two];
}
