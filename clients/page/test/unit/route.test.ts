import { describe, expect, it } from "vitest";
import { hashOf, parseHash, parsePlace, placeText } from "../../src/app/route";

describe("the fragment of the URL", () => {
  it.each([
    ["", "search", ""],
    ["#/", "search", ""],
    ["#/nowhere?q=a", "search", "q=a"],
    ["#/index", "index", ""],
    ["#/search?q=a+b%3F&lang=go&lang=c", "search", "q=a+b%3F&lang=go&lang=c"],
    ["#/graph?of=a.py%3A3&steps=2", "graph", "of=a.py%3A3&steps=2"],
    ["#/similar?of=src%2Fa.py%3A3", "similar", "of=src%2Fa.py%3A3"],
  ])("%s", (hash, view, params) => {
    const route = parseHash(hash);
    expect([route.view, route.params.toString()]).toEqual([view, params]);
    expect(parseHash(hashOf(route))).toEqual(route);
  });
});

describe("a place", () => {
  it.each([
    ["src/a.py:10", "src/a.py", 10, 10],
    ["src/a.py:10-20", "src/a.py", 10, 20],
    ["src/a.py:20-10", "src/a.py", 20, 20],
    ["src/a.py", "src/a.py", 1, 1],
    ["odd:7:name.py:3", "odd:7:name.py", 3, 3],
    ["<b>x</b>.py:1", "<b>x</b>.py", 1, 1],
  ])("%s", (text, path, line, endLine) => {
    expect(parsePlace(text, "/r")).toEqual({ root: "/r", path, line, endLine });
    expect(parsePlace(placeText({ path, line, endLine }), "/r")).toEqual({ root: "/r", path, line, endLine });
  });

  it("is absent without a path", () => {
    expect([parsePlace(null, ""), parsePlace("", ""), parsePlace(":3", "")]).toEqual([undefined, undefined, undefined]);
  });
});
