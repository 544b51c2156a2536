/** Texts of files, asked once for each state of the index. */
import { call } from "../api/client";
import { generation } from "../api/session";

export interface FileText {
  root: string;
  path: string;
  language: string;
  lines: string[];
  /** Number of the first of `lines`: the page shows a part of a very long file. */
  firstLine: number;
  lastLine: number;
  totalLines: number;
}

interface FileAnswer {
  language: string;
  startLine: number;
  endLine: number;
  totalLines: number;
  text: string;
  cutLines: number[];
}

/** The server gives this many lines at once. */
export const MAX_LINES = 5000;
const LINES_BEFORE = 1000;
const MAX_KEPT = 30;

const kept = new Map<string, { generation: number; file: Promise<FileText> }>();

/** The file, or the part of a very long one that has the line. */
export function readFile(root: string, path: string, line: number): Promise<FileText> {
  const startLine = line + 200 <= MAX_LINES ? 1 : line - LINES_BEFORE;
  const key = `${root}\n${path}\n${startLine}`;
  const known = kept.get(key);
  if (known && known.generation === generation.value) return known.file;
  const file = ask(root, path, startLine);
  kept.delete(key);
  kept.set(key, { generation: generation.value, file });
  file.catch(() => kept.get(key)?.file === file && kept.delete(key));
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
  return file;
}

async function ask(root: string, path: string, startLine: number): Promise<FileText> {
  const answer = await call<FileAnswer>("file", { root, path, startLine });
  const lines = linesOf(answer.text);
  for (const number of answer.cutLines) {
    const index = number - answer.startLine;
    if (lines[index] !== undefined) lines[index] += " … (the rest of this line is left out)";
  }
  const { language, startLine: firstLine, endLine: lastLine, totalLines } = answer;
  return { root, path, language, lines, firstLine, lastLine, totalLines };
}

export function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines;
}
