import { expect, it } from "vitest";
import { type Filter, searchParams } from "../../src/search/query";

const NONE: Filter = { languages: [], kinds: [], paths: [], tests: "", content: "", roots: [] };

it.each<[string, Partial<Filter>, object]>([
  ["nothing set", {}, {}],
  ["languages", { languages: ["go", "c"] }, { filter: { languages: ["go", "c"] } }],
  [
    "paths in and out",
    { paths: ["src/**", "-vendor/**"] },
    { filter: { paths: ["src/**"], excludePaths: ["vendor/**"] } },
  ],
  ["tests and files", { tests: "only", content: "docs" }, { filter: { tests: "only", content: "docs" } }],
  ["roots", { roots: ["/a b"] }, { roots: ["/a b"] }],
])("%s", (_, filter, expected) => {
  expect(searchParams("q", { ...NONE, ...filter }, 30)).toEqual({ query: "q", limit: 30, ...expected });
});
