// The results view in the side bar. It shows one listing at a time: pinned hits by file, or groups of duplicates.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { openHit, pathOf, locationText, rangeOf, themeIconOf, tooltipOf, uriOf } from "./hits";
import type { DuplicatesResult, Hit } from "./protocol";
import { hitCount, oneLine } from "./format";

export interface Group {
  readonly label: string;
  readonly description: string;
  /** Set if the group is a file. */
  readonly file?: vscode.Uri;
  readonly hits: readonly Hit[];
  /** What to say of a hit besides its place. */
  readonly notes?: ReadonlyMap<Hit, string>;
}

export interface Listing {
  readonly title: string;
  readonly groups: readonly Group[];
  /** Repeats the request. Undefined: it failed, and the user was shown an error. */
  readonly reload: () => Promise<readonly Group[] | undefined>;
  /** The hits below a hit. Undefined: it failed, and the user was shown an error. */
  readonly expand?: (hit: Hit) => Promise<readonly Hit[] | undefined>;
}

interface GroupNode {
  readonly group: Group;
  readonly nodes: HitNode[];
}

interface HitNode {
  readonly hit: Hit;
  readonly parent: GroupNode | HitNode;
  /** Set once the node was opened. */
  nodes?: HitNode[];
}

export type Node = GroupNode | HitNode;

const FILE_KIND = 1;

export class Results implements vscode.TreeDataProvider<Node> {
  private listing: Listing | undefined;
  private nodes: GroupNode[] = [];
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<Node>;

  constructor(ctx: Ctx) {
    this.view = vscode.window.createTreeView<Node>("semlens.results", {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    ctx.subscribe(this.changed, this.view);
  }

  /** Fills the view and reveals it. */
  async show(listing: Listing): Promise<void> {
    this.listing = listing;
    this.fill(listing.groups);
    const first = this.nodes[0];
    await vscode.commands.executeCommand("semlens.results.focus");
    // Meanwhile the view may have got another listing, or been cleared.
    if (first !== undefined && this.nodes.includes(first)) {
      await this.view.reveal(first, { select: true, focus: false });
    }
  }

  async refresh(): Promise<void> {
    const { listing } = this;
    const groups = await vscode.window.withProgress({ location: { viewId: "semlens.results" } }, async () =>
      listing?.reload(),
    );
    if (groups !== undefined && this.listing === listing) {
      this.fill(groups);
    }
  }

  clear(): void {
    this.listing = undefined;
    this.fill([]);
  }

  dismiss(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if ("hit" in node) {
        remove(node.parent.nodes ?? [], node);
        if ("group" in node.parent && node.parent.nodes.length === 0) {
          remove(this.nodes, node.parent);
        }
      } else {
        remove(this.nodes, node);
      }
    }
    this.refreshView();
  }

  /** Copies locations and signatures of these nodes, or of all, one per line. */
  async copy(nodes: readonly Node[] = this.nodes): Promise<void> {
    const hits = nodes.flatMap((node) => ("hit" in node ? [node] : node.nodes)).map((node) => node.hit);
    const lines = [...new Set(hits)].map((hit) => `${locationText(hit)}  ${oneLine(hit.signature || hit.name)}`);
    await vscode.env.clipboard.writeText(`${lines.join("\n")}\n`);
  }

  openBeside(node: Node): Promise<void> {
    return "hit" in node ? openHit(node.hit, vscode.ViewColumn.Beside) : Promise.resolve();
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) {
      return this.nodes;
    }
    if ("hit" in node && node.nodes === undefined) {
      const hits = await this.listing?.expand?.(node.hit);
      node.nodes = hits?.map((hit) => ({ hit, parent: node })) ?? [];
    }
    return node.nodes ?? [];
  }

  getParent(node: Node): Node | undefined {
    return "hit" in node ? node.parent : undefined;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return "hit" in node ? hitItem(node, this.listing?.expand !== undefined) : groupItem(node);
  }

  private fill(groups: readonly Group[]): void {
    this.nodes = groups.map((group) => {
      const parent: GroupNode = { group, nodes: [] };
      parent.nodes.push(...group.hits.map((hit) => ({ hit, parent })));
      return parent;
    });
    this.refreshView();
  }

  private refreshView(): void {
    const nHits = this.nodes.reduce((sum, node) => sum + node.nodes.length, 0);
    // A message, because the title of the view has room for few words.
    this.view.message =
      this.listing === undefined
        ? ""
        : nHits === 0
          ? "All results were dismissed. Refresh to search again."
          : `${oneLine(this.listing.title)}: ${hitCount(nHits, Infinity)}`;
    void vscode.commands.executeCommand("setContext", "semlens.hasResults", this.listing !== undefined);
    this.changed.fire();
  }
}

export function groupByFile(hits: readonly Hit[]): Group[] {
  const byFile = new Map<string, Hit[]>();
  for (const hit of hits) {
    byFile.set(hit.location.uri, [...(byFile.get(hit.location.uri) ?? []), hit]);
  }
  return [...byFile.values()].flatMap((fileHits) => {
    const [first] = fileHits;
    if (first === undefined) {
      return [];
    }
    const path = pathOf(first);
    const slash = path.lastIndexOf("/");
    const description = slash < 0 ? "" : path.slice(0, slash);
    return [{ label: path.slice(slash + 1), description, file: uriOf(first), hits: fileHits }];
  });
}

export function duplicateGroups(answer: DuplicatesResult): Group[] {
  return answer.groups.map((group) => {
    const names = [...new Set(group.symbols.map((hit) => oneLine(hit.name)))];
    const similarity =
      group.similarity >= 0.995 ? "identical except names" : `${Math.floor(100 * group.similarity)}% similar`;
    const lines = group.savedLines === 1 ? "1 line" : `${group.savedLines} lines`;
    return { label: names.join(", "), description: `${similarity}, ${lines} to save`, hits: group.symbols };
  });
}

function groupItem({ group, nodes }: GroupNode): vscode.TreeItem {
  const item = new vscode.TreeItem(group.label, vscode.TreeItemCollapsibleState.Expanded);
  item.description = group.file === undefined ? `${nodes.length}: ${group.description}` : group.description;
  item.contextValue = "group";
  if (group.file === undefined) {
    item.iconPath = new vscode.ThemeIcon("files");
  } else {
    item.resourceUri = group.file;
    item.iconPath = vscode.ThemeIcon.File;
  }
  return item;
}

function hitItem({ hit, parent }: HitNode, mayExpand: boolean): vscode.TreeItem {
  // Code outside of all symbols has the kind of a file, and no callers.
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const isFile = hit.kind === FILE_KIND;
  const item = new vscode.TreeItem(oneLine(hit.name) || pathOf(hit), mayExpand && !isFile ? Collapsed : None);
  const line = hit.selectionRange.start.line + 1;
  const group = "group" in parent ? parent.group : undefined;
  const note = oneLine(group?.notes?.get(hit) ?? "");
  item.description =
    group?.file === undefined
      ? `${locationText(hit)}${note === "" ? "" : `  ${note}`}`
      : `${line}: ${oneLine(hit.signature)}`;
  item.tooltip = tooltipOf(hit);
  item.iconPath = themeIconOf(hit);
  item.contextValue = "hit";
  const start = rangeOf(hit.selectionRange).start;
  const options: vscode.TextDocumentShowOptions = { selection: new vscode.Range(start, start), preview: true };
  item.command = { command: "vscode.open", title: "Open", arguments: [uriOf(hit), options] };
  return item;
}

function remove<T>(list: T[], member: T): void {
  const at = list.indexOf(member);
  if (at >= 0) {
    list.splice(at, 1);
  }
}
