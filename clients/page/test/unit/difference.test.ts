import { expect, it } from "vitest";
import { rowsOf } from "../../src/duplicates/difference";

/** `=`: the same; `~`: changed; `-`, `+`: on one side only. Differing words stand in brackets. */
function drawn(left: string[], right: string[]): string[] {
  const text = (side: ReturnType<typeof rowsOf>[number]["left"]) =>
    side ? `${side.line}:${side.parts.map(([differs, part]) => (differs ? `[${part}]` : part)).join("")}` : "";
  return rowsOf(left, right).map((row) => {
    const mark = row.isSame ? "=" : !row.right ? "-" : !row.left ? "+" : "~";
    return `${mark} ${text(row.left)} | ${text(row.right)}`;
  });
}

it.each<[string, string[], string[], string[]]>([
  ["the same", ["a", "b"], ["a", "b"], ["= 0:a | 0:a", "= 1:b | 1:b"]],
  ["another indentation", ["  a"], ["a"], ["= 0:  a | 0:a"]],
  ["a word", ["x = 1"], ["x = 2"], ["~ 0:x = [1] | 0:x = [2]"]],
  ["a line more", ["a", "c"], ["a", "b", "c"], ["= 0:a | 0:a", "+  | 1:[b]", "= 1:c | 2:c"]],
  ["a line less", ["a", "b", "c"], ["a", "c"], ["= 0:a | 0:a", "- 1:[b] | ", "= 2:c | 1:c"]],
  ["two for one", ["a", "x"], ["a", "y", "z"], ["= 0:a | 0:a", "~ 1:[x] | 1:[y]", "+  | 2:[z]"]],
])("%s", (_, left, right, rows) => expect(drawn(left, right)).toEqual(rows));
