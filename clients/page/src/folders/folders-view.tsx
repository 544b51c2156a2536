/** What a code base consists of: its folders as a treemap by symbols, and as a table. */
import { useComputed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { rootName } from "../api/session";
import { Icon } from "../app/icons";
import { changed, hashOf, navigate, route } from "../app/route";
import { PARAMETERS } from "../search/query";
import { folders, foldersProblem, wantFolders } from "./folder-store";
import { find, type Folder, layout, treeOf } from "./tree";

export function FoldersView() {
  useEffect(wantFolders, []);
  const tree = useComputed(() => (folders.value ? treeOf(folders.value, rootName) : null));
  const { params } = route.value;
  if (foldersProblem.value)
    return (
      <p class="notice bad" role="alert">
        {foldersProblem.value}
      </p>
    );
  if (!tree.value) return <p class="notice quiet">Counting symbols ...</p>;
  const shown =
    find(tree.value, params.get("in") ?? tree.value.root, params.get("at") ?? tree.value.path) ?? tree.value;
  return (
    <div class="folders-view">
      <Crumbs tree={tree.value} shown={shown} />
      {shown.symbols === 0 ? <p class="notice quiet">Nothing is indexed here.</p> : <Treemap shown={shown} />}
      <Table shown={shown} />
    </div>
  );
}

/** A smaller tile is no target for the Tab key (WCAG 2.5.8); the table has the same links. */
const LEAST_TARGET = 24;

function linkTo(folder: Folder): string {
  return hashOf({ view: "folders", params: new URLSearchParams({ in: folder.root, at: folder.path }) });
}

/** A search in a folder with everything below it, or in its own files only. */
function searchLink({ root, path }: Folder, isRest: boolean): string {
  const below = path ? `${path}/` : "";
  return hashOf({
    view: "search",
    params: new URLSearchParams({ [PARAMETERS.roots]: root, [PARAMETERS.paths]: `${below}${isRest ? "*" : "**"}` }),
  });
}

function searchIn(folder: Folder): void {
  const inRoot = folder.root ? [folder.root] : [];
  navigate(
    changed(
      { at: null, in: null, [PARAMETERS.roots]: inRoot, [PARAMETERS.paths]: folder.path ? `${folder.path}/**` : null },
      "search",
    ),
  );
}

function Crumbs({ tree, shown }: { tree: Folder; shown: Folder }) {
  const above: Folder[] = [];
  for (let path = shown.path; path;) {
    const slash = path.lastIndexOf("/");
    path = slash < 0 ? "" : path.slice(0, slash);
    const one = find(tree, shown.root, path);
    if (one && one !== shown && one !== above[0]) above.unshift(one);
  }
  if (above[0] !== tree && shown !== tree) above.unshift(tree);
  return (
    <header class="view-head">
      <h1 class="crumbs">
        {above.map((one) => (
          <span key={`${one.root}/${one.path}`}>
            <a href={linkTo(one)}>{one.name}</a>
            <span class="muted"> / </span>
          </span>
        ))}
        <span>{shown.name}</span>
      </h1>
      <p class="muted">
        {number(shown.symbols)} symbols · {number(shown.files)} files · {number(shown.lines)} lines ·{" "}
        {topLanguages(shown)}
      </p>
      <button type="button" class="button" onClick={() => searchIn(shown)}>
        <Icon name="search" /> Search here
      </button>
    </header>
  );
}

function topLanguages(folder: Folder): string {
  const sorted = [...folder.languages].sort((one, other) => other[1] - one[1]).slice(0, 3);
  const total = [...folder.languages.values()].reduce((sum, count) => sum + count, 0) || 1;
  const share = (count: number) => (count * 200 < total ? "< 1" : String(Math.round((100 * count) / total)));
  return sorted.map(([language, count]) => `${language} ${share(count)} %`).join(", ");
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function Treemap({ shown }: { shown: Folder }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<[number, number] | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(
      ([entry]) => entry && setSize([entry.contentRect.width, entry.contentRect.height]),
    );
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const tiles = size ? layout(shown, ...size) : [];
  return (
    <div
      class="treemap"
      ref={box}
      role="group"
      aria-label={`Folders of ${shown.name} by symbols; the table below has the same`}
    >
      {tiles.map(({ folder, depth, group, x, y, width, height, isRest }) => {
        const place = { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
        const classes = `tile depth-${depth} hue-${group % 8}${isRest ? " rest" : ""}`;
        const name = isRest ? "files here" : folder.name;
        const count = isRest ? folder.ownSymbols : folder.symbols;
        const title = `${folder.path || folder.name}${isRest ? ", files directly in it" : ""}: ${number(count)} symbols`;
        const leadsOn = !isRest && folder !== shown && folder.children.length > 0;
        return (
          <a
            class={classes}
            key={`${folder.root}/${folder.path}${isRest}`}
            style={place}
            title={title}
            tabIndex={depth === 1 && Math.min(width, height) >= LEAST_TARGET ? 0 : -1}
            href={leadsOn ? linkTo(folder) : searchLink(folder, isRest)}
          >
            <span class={width > 44 && height > 18 ? "tile-text" : "unseen"}>
              <span class="tile-name">{name}</span> {width > 90 && <span class="tile-count">{number(count)}</span>}
            </span>
          </a>
        );
      })}
    </div>
  );
}

function Table({ shown }: { shown: Folder }) {
  const most = Math.max(1, ...shown.children.map((child) => child.symbols));
  if (shown.children.length === 0) return null;
  return (
    <div class="table-box" role="region" aria-label="Folders as a table" tabIndex={0}>
      <table class="data">
        <thead>
          <tr>
            <th scope="col">Folder</th>
            <th scope="col" class="num">
              Symbols
            </th>
            <th scope="col" class="num">
              Files
            </th>
            <th scope="col" class="num">
              Lines
            </th>
            <th scope="col" class="wide">
              Languages
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.children.map((child) => (
            <tr key={`${child.root}/${child.path}`}>
              <th scope="row">
                <a href={linkTo(child)}>{child.name}</a>
              </th>
              <td class="num">
                <span class="bar" style={{ width: `${(60 * child.symbols) / most}px` }} /> {number(child.symbols)}
              </td>
              <td class="num">{number(child.files)}</td>
              <td class="num">{number(child.lines)}</td>
              <td class="wide muted">{topLanguages(child)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
