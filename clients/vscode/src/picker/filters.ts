// Filters are words of the question (`lang:go kind:class test:only`): what the buttons set can be seen and edited. Pure.

export type FilterName = "lang" | "kind" | "test";

/** Names by which the server knows languages; those of the hits at hand are offered before them. */
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

/** The values that the query sets. */
export function filtersOf(query: string, name: FilterName): string[] {
  return [...query.matchAll(pattern(name))].map((match) => match[1] ?? "").filter((value) => value !== "");
}

/** The query with these values in place of those that it sets. */
export function withFilters(query: string, name: FilterName, values: readonly string[]): string {
  const words = query.replace(pattern(name), " ").replace(/\s+/g, " ").trim();
  return [words, ...values.map((value) => `${name}:${value}`)].filter((part) => part !== "").join(" ");
}

/** With tests, without them, tests alone, and round again. */
export function withNextTests(query: string): string {
  const now = TESTS.indexOf((filtersOf(query, "test")[0] ?? "") as (typeof TESTS)[number]);
  const next = TESTS[(now + 1) % TESTS.length] ?? "";
  return withFilters(query, "test", next === "" ? [] : [next]);
}
