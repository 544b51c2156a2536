import { describe, expect, it } from "vitest";
import { asSent, parseJson, toJson } from "../../src/api/json";

describe("a text of the server", () => {
  // as Python writes it: ASCII
  const ascii = (text: string) =>
    JSON.stringify(text).replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

  it.each([
    ["bad\udcff\udcfe.py", "bad\u{10dcff}\u{10dcfe}.py"], // a name that is no UTF-8
    ["evil\u202egnp.py", "evil\u{10202e}gnp.py"],
    ["\u2066a\u2069", "\u{102066}a\u{102069}"],
    ["\ud83d\ude00 \u05e9\u200f \u2026", "\u{1f600} \u05e9\u200f \u2026"], // nothing to fear
    ["", ""],
  ])("%j can be seen and put into an address, and goes back as it came", (sent, shown) => {
    const read = parseJson(`{"path": [${ascii(sent)}], "n": 1}`) as { path: string[] };
    expect(read).toEqual({ path: [shown], n: 1 });
    const [path] = new URLSearchParams(`open=${encodeURIComponent(read.path[0]!)}`).getAll("open");
    expect(JSON.parse(toJson({ path }))).toEqual({ path: sent });
    expect(asSent(shown)).toBe(sent);
  });
});
