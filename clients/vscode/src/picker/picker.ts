// A QuickPick that shows hits in the server's order. VS Code must neither filter nor sort them.
// Every keystroke cancels the previous request, and late results of that request are dropped.

import * as vscode from "vscode";
import { errorMessage, type Ctx } from "../ctx";
import { isSame, openHit } from "../hits";
import type { Hit, SearchResult } from "../protocol";
import { listTitle, oneLine } from "../format";
import { filtersOf, KINDS, LANGUAGES, withFilters, withNextTests, type FilterName } from "./filters";
import type { History } from "./history";
import * as items from "./items";
import type { Item } from "./items";
import { Preview } from "./preview";
import type { Source } from "./source";

/** The actions that the buttons run on hits. */
export interface HitActions {
  readonly pin: (source: Source, text: string, hits: readonly Hit[]) => unknown;
  readonly copyContext: (hit: Hit) => unknown;
  readonly similar: (hit: Hit) => unknown;
}

/** A user cannot have seen a list that was visible for less than this. */
const MIN_VISIBLE_MS = 100;
/** After this time a new list counts as visible, even if the window did not report it. */
const MAX_RENDER_MS = 3000;

export class Picker {
  private readonly pick = vscode.window.createQuickPick<Item>();
  private readonly preview: Preview | undefined;
  private pending: vscode.CancellationTokenSource | undefined;
  private lastText: string | undefined;
  private answer: SearchResult | undefined;
  private hits: readonly Hit[] = [];
  /** The user selected a row. Later hits of the same query keep it selected. */
  private hasMoved = false;
  /** The selected hit of the previous list, until the user can have seen the new list. */
  private selectionBefore: { readonly hit: Hit; isShown: boolean; until: number } | undefined;
  private isOpen = true;
  private isSuspended = false;
  private resolveClosed: () => void = () => undefined;
  private readonly status: vscode.Disposable;

  constructor(
    private readonly ctx: Ctx,
    private readonly source: Source,
    private readonly history: History,
    private readonly actions: HitActions,
  ) {
    const { pick } = this;
    pick.placeholder = source.placeholder;
    pick.title = source.title;
    // A property that the typings lack; it keeps VS Code from sorting.
    (pick as unknown as { sortByLabel: boolean }).sortByLabel = false;
    pick.buttons = source.isLive ? [items.LAST_QUERY, items.LANGUAGE, items.KIND, items.TESTS, items.PIN] : [items.PIN];
    this.preview = ctx.config.hasPreview ? new Preview() : undefined;
    pick.onDidChangeValue((text) => {
      // This event also follows `change`, which has sent the query already.
      if (source.isLive && text !== this.lastText) {
        void this.sendQuery(text);
      }
    });
    pick.onDidChangeActive(([item]) => this.activeChanged(item));
    pick.onDidAccept(() => this.accept(pick.selectedItems[0] ?? pick.activeItems[0]));
    pick.onDidTriggerButton((pressed) => void this.runTitleButton(pressed));
    pick.onDidTriggerItemButton(({ item, button }) => this.runItemButton(item.hit, button));
    pick.onDidHide(() => {
      if (!this.isSuspended) {
        void this.close("keep"); // the user has turned to something else
      }
    });
    this.status = ctx.onDidChangeStatus((status) => {
      // Repeat the query while an incomplete index grows.
      if (this.answer?.complete === false && status?.generation !== this.answer.generation && !this.hasMoved) {
        void this.sendQuery(pick.value);
      }
    });
  }

  /** The hit that Enter opens. */
  get active(): Hit | undefined {
    return this.pick.activeItems[0]?.hit;
  }

  /**
   * Resolves when the picker is closed and the accepted hit is open.
   *
   * :param text: the first query.
   */
  open(text: string): Promise<void> {
    this.pick.value = text;
    this.pick.show();
    void this.sendQuery(text);
    return new Promise((resolve) => (this.resolveClosed = resolve));
  }

  /** Closes the list and restores the editor. False: this list is not the one that is shown. */
  escape(): boolean {
    const isShown = this.isOpen && !this.isSuspended;
    if (isShown) {
      void this.close("restore");
    }
    return isShown;
  }

  private async sendQuery(text: string): Promise<void> {
    this.pending?.cancel();
    this.pending?.dispose();
    this.pending = undefined;
    this.lastText = text;
    this.answer = undefined;
    this.hasMoved = false;
    this.selectionBefore = undefined;
    if (this.source.isLive && text.trim() === "") {
      this.hits = [];
      this.pick.items = this.history.all.map(items.historyItem);
      this.pick.busy = false;
      this.pick.title = this.source.title;
      return;
    }
    const tokenSource = new vscode.CancellationTokenSource();
    this.pending = tokenSource;
    this.pick.busy = true;
    const isCurrent = (): boolean => this.isOpen && this.pending === tokenSource;
    try {
      const onPartial = ({ hits }: { hits: readonly Hit[] }): void => {
        if (isCurrent()) {
          this.show(hits, false);
        }
      };
      const answer = await this.source.search(text, onPartial, tokenSource.token);
      if (isCurrent() && answer !== undefined) {
        this.answer = answer;
        this.show(answer.hits, answer.nothingFits === true);
        this.pick.title = listTitle(this.source.title, answer, this.ctx.config.searchLimit);
      } else if (isCurrent()) {
        this.pick.hide(); // the server does not run, and the user was shown why
      }
    } catch (error) {
      if (isCurrent()) {
        this.ctx.output.error(errorMessage(error));
        this.pick.items = [];
        this.pick.title = `The search failed: ${oneLine(errorMessage(error))}`;
      }
    } finally {
      if (isCurrent()) {
        this.pick.busy = false;
      }
    }
  }

  /** :param isDim: the hits do not seem to fit. */
  private show(hits: readonly Hit[], isDim: boolean): void {
    const chosen = this.hasMoved ? this.active : undefined;
    this.selectionBefore =
      chosen === undefined ? undefined : { hit: chosen, isShown: false, until: Date.now() + MAX_RENDER_MS };
    const rows = hits.map((hit) => items.hitItem(hit, this.source.isLive, isDim));
    this.hits = hits;
    this.pick.items = rows;
    const same =
      chosen === undefined ? undefined : rows.find((row) => row.hit !== undefined && isSame(row.hit, chosen));
    if (same !== undefined) {
      this.pick.activeItems = [same];
    }
  }

  private activeChanged(item: Item | undefined): void {
    if (this.selectionBefore?.isShown === false) {
      // The window reports the active row of each new list once the list is visible.
      this.selectionBefore.isShown = true;
      this.selectionBefore.until = Date.now() + MIN_VISIBLE_MS;
      const { hit } = this.selectionBefore;
      if (item?.hit !== undefined && !isSame(item.hit, hit) && this.hits.some((one) => isSame(one, hit))) {
        return; // the first row, before the selected one is active again: the editor goes on to show that one
      }
    } else if (
      this.selectionBefore !== undefined &&
      item?.hit !== undefined &&
      !isSame(item.hit, this.selectionBefore.hit)
    ) {
      this.selectionBefore = undefined; // the user moves in the new list
    }
    this.hasMoved ||= item !== undefined && item !== this.pick.items[0];
    if (this.hasMoved && item?.hit !== undefined) {
      this.preview?.move(item.hit);
    }
  }

  private accept(item: Item | undefined): void {
    if (item?.hit !== undefined) {
      // VS Code reports the accepted row by index, which means another hit if the list was replaced meanwhile.
      const hit =
        this.selectionBefore !== undefined && Date.now() < this.selectionBefore.until
          ? this.selectionBefore.hit
          : item.hit;
      void this.close("keep", () => openHit(hit));
    } else if (item?.query !== undefined) {
      this.change(item.query);
    }
  }

  private runItemButton(hit: Hit | undefined, pressed: vscode.QuickInputButton): void {
    if (hit === undefined) {
      return;
    }
    if (pressed === items.BESIDE) {
      // Close first, so that the hit opens beside the original editor, not beside its preview.
      void this.close("restore", () => openHit(hit, vscode.ViewColumn.Beside));
    } else if (pressed === items.COPY_CONTEXT) {
      void this.actions.copyContext(hit);
    } else {
      void this.close("restore", () => this.actions.similar(hit));
    }
  }

  private async runTitleButton(pressed: vscode.QuickInputButton): Promise<void> {
    if (pressed === items.LAST_QUERY) {
      this.change(this.history.last);
    } else if (pressed === items.TESTS) {
      this.change(withNextTests(this.pick.value));
    } else if (pressed === items.LANGUAGE) {
      const languages = this.hits.map((hit) => hit.language);
      await this.choose("lang", [...new Set([...languages.sort(), ...LANGUAGES])], "Languages to find code in");
    } else if (pressed === items.KIND) {
      await this.choose("kind", KINDS, "Kinds of code to find");
    } else {
      const { hits, source, pick } = this;
      await this.close("restore", () => this.actions.pin(source, pick.value, hits));
    }
  }

  /** Lets the user choose the values of a filter in a second list, then returns to this one. */
  private async choose(name: FilterName, choices: readonly string[], placeHolder: string): Promise<void> {
    const current = new Set(filtersOf(this.pick.value, name));
    const options = [...new Set([...current, ...choices])].map((label) => ({ label, picked: current.has(label) }));
    this.isSuspended = true;
    const chosen = await vscode.window.showQuickPick(options, { canPickMany: true, placeHolder });
    this.isSuspended = false;
    this.pick.show();
    if (chosen !== undefined) {
      const values = chosen.map((choice) => choice.label);
      this.change(withFilters(this.pick.value, name, values));
    }
  }

  private change(text: string): void {
    this.pick.value = text;
    void this.sendQuery(text);
  }

  /**
   * :param preview: whether the previewed hit stays open, or the editor is restored.
   * :param next: runs after the preview has ended.
   */
  private async close(preview: "keep" | "restore", next?: () => unknown): Promise<void> {
    if (!this.isOpen) {
      return;
    }
    this.isOpen = false;
    if (this.source.isLive && this.hits.length > 0) {
      this.history.add(this.pick.value);
    }
    this.pending?.cancel();
    this.pending?.dispose();
    this.status.dispose();
    if (preview === "restore") {
      // While the list has the focus: an editor that has it loses it when another document is shown in its place.
      await this.preview?.restore();
    }
    this.pick.dispose(); // VS Code gives the focus to the active editor
    await this.preview?.end();
    await next?.();
    this.resolveClosed();
  }
}
