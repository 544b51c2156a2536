import { afterEach, describe, expect, it } from "vitest";
import type { Hit } from "../../src/api/types";
import { parseHash, route } from "../../src/app/route";
import { answered, failure, hitQuery, keyOf, list, request, shown, subjectOf } from "../../src/search/hits";

const hit = (qualifiedName: string, root = "/one", nameColumn: number | undefined = 5): Hit =>
  ({ root, path: "src/a.c", qualifiedName, startLine: 3, endLine: 3, nameColumn, reasons: [] }) as never;

/** All begin in the line 3 of a file of the same path. */
const HITS = [
  hit("node", "/one", 16),
  hit("node", "/one", 40), // typedef struct node { ... } node;
  hit("node::next"),
  hit("free_node", "/two"),
  hit("without a column", "/two", undefined),
];
const OF_OLD = "open=src%2Fa.c%3A3"; // versions before the symbol was part of the address

const NOTHING = answered.value;

function answer(hash: string, problem = ""): void {
  route.value = parseHash(hash);
  answered.value = { subject: subjectOf(request.value!), list: { ...list.value, hits: HITS }, failure: problem };
}

afterEach(() => {
  answered.value = NOTHING;
  route.value = parseHash("");
});

describe("the hit of an address", () => {
  const open = (query: string) => {
    answer(`#/search?${query}`);
    return shown.value;
  };

  it.each(HITS.map((_, at) => at))("is the one that was chosen: %i", (at) => {
    expect(HITS.indexOf(open(hitQuery(HITS[at]!))!.hit!)).toBe(at);
  });

  it.each([
    ["", 0],
    [OF_OLD, 0],
    [`${OF_OLD}&in=%2Ftwo`, 3],
    [`${OF_OLD}&in=%2Fone&symbol=node%3A%3Anext%3A77`, 2], // the name moved in its line
    [`${OF_OLD}&in=%2Fone&symbol=renamed%3A5`, 0],
    [`${OF_OLD}&in=%2Fthree`, -1],
    ["open=src%2Fa.c%3A4&symbol=node%3A16", -1],
  ])("%s", (query, at) => {
    const opened = open(query)!;
    expect(opened.hit && HITS.indexOf(opened.hit)).toBe(at < 0 ? undefined : at);
    expect(opened.place.path).toBe("src/a.c");
  });

  it("has a key of its own", () => expect(new Set(HITS.map(keyOf)).size).toBe(HITS.length));
});

describe("until the answer comes", () => {
  it.each([
    ["#/search?q=a", "#/search?q=ab", true], // while one types
    ["#/search?q=a", "#/callers?of=a.c%3A3", false],
    ["#/callers?of=a.c%3A3", "#/callees?of=a.c%3A3", false],
    ["#/callers?of=a.c%3A3", "#/callers?of=a.c%3A4", false],
    ["#/callers?of=a.c%3A3", "#/callers?of=a.c%3A3&open=b.c%3A1", true],
    ["#/callers?of=a.c%3A3", "#/callers", false],
    ["#/changes", "#/changes?staged=1", false],
    ["#/changes", "#/changes?open=b.c%3A1", true],
    ["#/changes", "#/unused", false],
  ])("%s, then %s keeps what was answered: %s", (before, after, isKept) => {
    answer(before, "a problem");
    route.value = parseHash(after);
    expect(list.value.hits).toEqual(isKept ? HITS : []);
    expect(failure.value).toBe(isKept ? "a problem" : "");
  });
});

it.each(["search?q=a", "callers?of=a.c%3A3", "changes?ref=main"])("%s asks once, whatever result is opened", (hash) => {
  route.value = parseHash(`#/${hash}`);
  const asked = request.value;
  route.value = parseHash(`#/${hash}&${hitQuery(HITS[0]!)}`);
  expect(request.value).toBe(asked);
});
