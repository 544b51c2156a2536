/** A highlighted text as lines of tokens. */
import type { Root, RootContent } from "hast";

/** Class of the token, empty for plain text, and its text. */
export type Token = [kind: string, text: string];
export type Line = Token[];

export function linesOf(root: Root): Line[] {
  const lines: Line[] = [[]];
  const add = (text: string, kind: string) => {
    const [first = "", ...others] = text.split("\n");
    if (first) lines.at(-1)!.push([kind, first]);
    for (const other of others) lines.push(other ? [[kind, other]] : []);
  };
  const walk = (node: RootContent | Root, kind: string): void => {
    if (node.type === "text") add(node.value, kind);
    else if (node.type === "element" || node.type === "root") {
      const own = node.type === "element" ? kindOf(node.properties.className) : kind;
      for (const child of node.children) walk(child as RootContent, own || kind);
    }
  };
  walk(root, "");
  return lines;
}

/** The kinds that styles/code.css colours; the others look like their surroundings. */
const KINDS: Record<string, string> = {
  keyword: "k",
  built_in: "b",
  type: "t",
  literal: "n",
  number: "n",
  string: "s",
  regexp: "s",
  char: "s",
  symbol: "n",
  comment: "c",
  quote: "c",
  doctag: "c",
  meta: "m",
  title: "f",
  section: "f",
  name: "k",
  tag: "",
  attr: "a",
  attribute: "a",
  property: "a",
  "selector-tag": "k",
  "selector-class": "a",
  "selector-id": "a",
  "template-variable": "a",
  variable: "a",
  code: "s",
  link: "s",
  strong: "f",
  bullet: "k",
};

function kindOf(classes: unknown): string {
  for (const one of Array.isArray(classes) ? classes : []) {
    const kind = KINDS[String(one).replace(/^hljs-/, "")];
    if (kind !== undefined) return kind;
  }
  return "";
}
