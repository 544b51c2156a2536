// Reads and writes the filters in a query (`lang:go kind:class test:only`). Buttons change the query, so that the user
// sees and can edit the filters. Pure functions.

export type FilterName = "lang" | "kind" | "test";

/** Common languages, by the server's names. The languages of the current hits are offered before them. */
export const LANGUAGES = [
  "bash",
  "c",
  "cpp",
  "csharp",
  "go",
  "java",
  "javascript",
  "kotlin",
  "lua",
  "markdown",
  "php",
  "python",
  "ruby",
  "rust",
  "scala",
  "sql",
  "swift",
  "typescript",
] as const;

export const KINDS = [
  "class",
  "constant",
  "constructor",
  "enum",
  "field",
  "function",
  "interface",
  "method",
  "module",
  "namespace",
  "property",
  "struct",
  "variable",
] as const;

const TESTS = ["", "exclude", "only"] as const;

function pattern(name: FilterName): RegExp {
  return new RegExp(`(?<!\\S)${name}:(\\S*)`, "g");
}

/** The values of a filter in the query. */
export function filtersOf(query: string, name: FilterName): string[] {
  return [...query.matchAll(pattern(name))].map((match) => match[1] ?? "").filter((value) => value !== "");
}

/** The query with the values of a filter replaced. */
export function withFilters(query: string, name: FilterName, values: readonly string[]): string {
  const words = query.replace(pattern(name), " ").replace(/\s+/g, " ").trim();
  return [words, ...values.map((value) => `${name}:${value}`)].filter((part) => part !== "").join(" ");
}

/** The query with the next value of `test:`: none, `exclude`, `only`, none. */
export function withNextTests(query: string): string {
  const now = TESTS.indexOf((filtersOf(query, "test")[0] ?? "") as (typeof TESTS)[number]);
  const next = TESTS[(now + 1) % TESTS.length] ?? "";
  return withFilters(query, "test", next === "" ? [] : [next]);
}
