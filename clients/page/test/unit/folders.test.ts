import { expect, it } from "vitest";
import { find, layout, treeOf } from "../../src/folders/tree";

const counts = (root: string, folders: Record<string, number>) =>
  Object.entries(folders).map(([path, symbols]) => ({
    root,
    path,
    files: 1,
    symbols,
    lines: 10,
    languages: { go: symbols },
  }));

const ONE = counts("/w", { "": 5, "a/b": 20, "a/c": 10, d: 1, "e/empty": 0 });

it("adds up what lies below, in folders that have no files of their own too", () => {
  const tree = treeOf(ONE, () => "w");
  expect([tree.name, tree.symbols, tree.ownSymbols, tree.languages.get("go")]).toEqual(["w", 36, 5, 36]);
  expect(tree.children.map((child) => [child.name, child.symbols])).toEqual([
    ["a", 30],
    ["d", 1],
  ]);
  expect(find(tree, "/w", "a/c")?.symbols).toBe(10);
  expect(find(tree, "/w", "ab")).toBeUndefined();
});

it("shows a folder that holds only one folder together with it", () => {
  const tree = treeOf(counts("/w", { "x/y/z": 3, "x/y/w": 4, v: 1 }), () => "w");
  expect(tree.children.map((child) => [child.name, child.path])).toEqual([
    ["x/y", "x/y"],
    ["v", "v"],
  ]);
  expect([find(tree, "/w", "x")?.path, find(tree, "/w", "x/y/z")?.symbols]).toEqual(["x/y", 3]);
});

it("shows several roots below one top", () => {
  const tree = treeOf([...ONE, ...counts("/v", { "": 2 })], (root) => root.slice(1));
  expect(tree.children.map((child) => child.name)).toEqual(["w", "v"]);
});

it("gives each folder an area by its symbols, within the one above", () => {
  const tiles = layout(
    treeOf(ONE, () => "w"),
    600,
    400,
  );
  const named = (name: string) => tiles.find((tile) => tile.folder.name === name && !tile.isRest)!;
  const area = (name: string) => named(name).width * named(name).height;
  expect(area("b")).toBeGreaterThan(area("c"));
  expect(area("a")).toBeGreaterThan(area("b") + area("c"));
  expect(tiles.filter((tile) => tile.isRest).map((tile) => tile.folder.name)).toEqual(["w"]);
  for (const { x, y, width, height } of tiles)
    expect(x >= 0 && y >= 0 && x + width <= 600 && y + height <= 400).toBe(true);
});
