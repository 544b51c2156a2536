/** Names of symbols as lists and the graph show them. */
import type { Hit } from "../api/types";

const SEPARATOR = /::|[.#/]/;
const OF_FOLDER = /^(__init__|__main__|index|mod|lib|init)$/;

/** The name with what it stands in, such as `Client.send`, and without the module that its path tells anyway. */
export function shortName({ name, qualifiedName, path }: Pick<Hit, "name" | "qualifiedName" | "path">): string {
  const parts = qualifiedName.split(SEPARATOR);
  if (parts.at(-1) !== name) return name; // not a name that separators divide
  const folders = path.replace(/\.[^./]*$/, "").split("/");
  if (OF_FOLDER.test(folders.at(-1) ?? "")) folders.pop();
  let nModule = 0;
  for (let n = 1; n < parts.length && n <= folders.length; n++)
    if (parts.slice(0, n).join("/") === folders.slice(-n).join("/")) nModule = n;
  return parts.slice(nModule).slice(-2).join(".");
}
