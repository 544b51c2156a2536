/** Ways from the page into an editor, from the templates of the server. */
import { asSent } from "../api/json";

export interface EditorPlace {
  /** Absolute path where the editor runs. */
  file: string;
  line: number;
  column: number;
}

/** Of a template such as `vscode://file{path}:{line}:{column}`. */
export function editorUrl(template: string, place: EditorPlace): string {
  const file = place.file.replaceAll("\\", "/");
  const path = file.split("/").map(encoded).join("/");
  return filled(template, place, path.startsWith("/") ? path : `/${path}`);
}

/** A byte that is no UTF-8 comes as a half of a surrogate pair. */
function encoded(name: string): string {
  const byte = (half: string) => `%${(half.charCodeAt(0) & 0xff).toString(16).toUpperCase()}`;
  return Array.from(asSent(name), (one) => (/^[\ud800-\udfff]$/u.test(one) ? byte(one) : encodeURIComponent(one))).join(
    "",
  );
}

/** Of a template such as `nvim +{line} {path}`. */
export function editorCommand(template: string, place: EditorPlace): string {
  return filled(template, place, shellQuoted(place.file));
}

function filled(template: string, { line, column }: EditorPlace, path: string): string {
  const values: Record<string, string> = { path, line: String(line), column: String(column) };
  return template.replace(/\{(path|line|column)\}/g, (_, name: string) => values[name] ?? "");
}

/** For sh, bash, zsh and fish. */
export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
