/** The folders of the index as a tree with sums, laid out as a treemap. */
import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import type { FolderCounts } from "../api/types";

export interface Folder {
  /** Name below its parent; a chain of folders with nothing else in them is one. */
  name: string;
  root: string;
  path: string;
  /** With everything below. */
  symbols: number;
  files: number;
  lines: number;
  /** Directly in this folder. */
  ownSymbols: number;
  languages: Map<string, number>;
  children: Folder[];
}

export function treeOf(counts: FolderCounts[], rootNames: (root: string) => string): Folder {
  const top = folder("all folders", "", "");
  const known = new Map<string, Folder>();
  const at = (root: string, path: string): Folder => {
    const key = `${root}\n${path}`;
    let found = known.get(key);
    if (!found) {
      const slash = path.lastIndexOf("/");
      const parent = path ? at(root, slash < 0 ? "" : path.slice(0, slash)) : top;
      found = folder(path ? path.slice(slash + 1) : rootNames(root), root, path);
      parent.children.push(found);
      known.set(key, found);
    }
    return found;
  };
  for (const one of counts) {
    const own = at(one.root, one.path);
    own.ownSymbols += one.symbols;
    own.symbols += one.symbols;
    own.files += one.files;
    own.lines += one.lines;
    for (const [language, count] of Object.entries(one.languages)) add(own.languages, language, count);
  }
  sum(top);
  const [only] = top.children;
  return only && top.children.length === 1 ? only : top;
}

function folder(name: string, root: string, path: string): Folder {
  return { name, root, path, symbols: 0, files: 0, lines: 0, ownSymbols: 0, languages: new Map(), children: [] };
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function sum(one: Folder): void {
  for (const child of one.children) {
    sum(child);
    one.symbols += child.symbols;
    one.files += child.files;
    one.lines += child.lines;
    for (const [language, count] of child.languages) add(one.languages, language, count);
  }
  one.children = one.children
    .filter((child) => child.symbols > 0)
    .map((child) => (child.path ? joined(child) : child))
    .sort((a, b) => b.symbols - a.symbols);
}

/** A folder that holds nothing but one folder is shown together with it. */
function joined(one: Folder): Folder {
  const [child] = one.children;
  if (!child || one.children.length > 1 || one.ownSymbols > 0) return one;
  return { ...child, name: `${one.name}/${child.name}` };
}

export function find(tree: Folder, root: string, path: string): Folder | undefined {
  if (tree.root === root && tree.path === path) return tree;
  for (const child of tree.children) {
    if (child.root !== root) continue;
    if (child.path.startsWith(`${path}/`) && path) return child; // shown together with the folder
    const found =
      child.path === path || child.path === "" || path.startsWith(`${child.path}/`)
        ? find(child, root, path)
        : undefined;
    if (found) return found;
  }
  return undefined;
}

export interface Tile {
  folder: Folder;
  depth: number;
  /** Which child of the shown folder it belongs to. */
  group: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Symbols directly in a folder that also has folders. */
  isRest: boolean;
}

/** Room for the name of a folder above what is in it. */
const HEAD = 22;

const LEVELS = 3;

/** Tiles of some levels below a folder, in pixels. */
export function layout(shown: Folder, width: number, height: number): Tile[] {
  interface Node {
    folder: Folder;
    isRest: boolean;
    value: number;
    children: Node[];
  }
  const node = (one: Folder, depth: number): Node => {
    const children = depth < LEVELS ? one.children.map((child) => node(child, depth + 1)) : [];
    const rest = one.ownSymbols > 0 && children.length > 0;
    if (rest) children.push({ folder: one, isRest: true, value: one.ownSymbols, children: [] });
    return { folder: one, isRest: false, value: children.length > 0 ? 0 : Math.max(one.symbols, 1), children };
  };
  const root = hierarchy(node(shown, 0), (one) => one.children)
    .sum((one) => one.value)
    .sort((one, other) => (other.value ?? 0) - (one.value ?? 0));
  treemap<Node>()
    .size([width, height])
    .tile(treemapSquarify.ratio(1.4))
    .paddingInner(3)
    .paddingOuter((one) => (one.depth === 0 ? 0 : 3))
    .paddingTop((one) => (one.depth === 0 ? 0 : HEAD))
    .round(true)(root);
  const tiles: Tile[] = [];
  root.children?.forEach((top, group) => {
    top.each((one) => {
      const { x0, y0, x1, y1 } = one as unknown as { x0: number; y0: number; x1: number; y1: number };
      if (x1 - x0 < 2 || y1 - y0 < 2) return;
      tiles.push({
        folder: one.data.folder,
        isRest: one.data.isRest,
        depth: one.depth,
        group,
        x: x0,
        y: y0,
        width: x1 - x0,
        height: y1 - y0,
      });
    });
  });
  return tiles;
}
