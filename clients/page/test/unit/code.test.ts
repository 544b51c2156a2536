import { createLowlight } from "lowlight";
import { describe, expect, it } from "vitest";
import { editorCommand, editorUrl } from "../../src/code/editor-links";
import { linesOf } from "../../src/code/file-store";
import { loadGrammar } from "../../src/code/grammars";
import { linesOf as tokenLinesOf } from "../../src/code/tokens";

describe("a link to an editor", () => {
  const VSCODE = "vscode://file{path}:{line}:{column}";
  it.each([
    ["/w/a.py", "vscode://file/w/a.py:3:5", "nvim +3 /w/a.py"],
    ["/w/a b#.py", "vscode://file/w/a%20b%23.py:3:5", "nvim +3 '/w/a b#.py'"],
    ["/w/it's $(x).py", "vscode://file/w/it's%20%24(x).py:3:5", "nvim +3 '/w/it'\\''s $(x).py'"],
    ["/w/{line}.py", "vscode://file/w/%7Bline%7D.py:3:5", "nvim +3 '/w/{line}.py'"],
    ["/w/\u{10dcff}\u{10202e}.py", "vscode://file/w/%FF%E2%80%AE.py:3:5", "nvim +3 '/w/\u{10dcff}\u{10202e}.py'"],
    ["C:\\w\\a.py", "vscode://file/C%3A/w/a.py:3:5", "nvim +3 'C:\\w\\a.py'"],
  ])("%s", (file, url, command) => {
    const place = { file, line: 3, column: 5 };
    expect([editorUrl(VSCODE, place), editorCommand("nvim +{line} {path}", place)]).toEqual([url, command]);
  });
});

it.each([
  ["", [""]],
  ["a", ["a"]],
  ["a\nb\n", ["a", "b"]],
  ["a\n\n", ["a", ""]],
])("lines of %j", (text, lines) => expect(linesOf(text)).toEqual(lines));

describe("colours", () => {
  it.each(["python", "tsx", "html", "toml", "svelte", "markdown", "php"])("%s loses no text", async (language) => {
    const text = '<script>alert("&lt;")</script>\n# """ not closed\n\tconst x = `a\nb`; // end\n\n';
    const [name, grammars] = (await loadGrammar(language))!;
    const lines = tokenLinesOf(createLowlight(grammars).highlight(name, text));
    expect(lines.map((line) => line.map(([, part]) => part).join("")).join("\n")).toBe(text);
  });

  it("go over lines", async () => {
    const [name, grammars] = (await loadGrammar("python"))!;
    const lines = tokenLinesOf(createLowlight(grammars).highlight(name, 'x = """a\nb"""\ndef f(): pass'));
    expect(lines).toEqual([
      [
        ["", "x = "],
        ["s", '"""a'],
      ],
      [["s", 'b"""']],
      [
        ["k", "def"],
        ["", " "],
        ["f", "f"],
        ["", "(): "],
        ["k", "pass"],
      ],
    ]);
  });

  it("are absent for an unknown language", async () => expect(await loadGrammar("cobol")).toBeNull());
});
