// Shows hits in the editor while the user moves through the list, and restores the editor.

import * as vscode from "vscode";
import { rangeOf, uriOf } from "../hits";
import type { Hit } from "../protocol";

const DELAY_MS = 40;

interface Origin {
  readonly document: vscode.TextDocument;
  readonly viewColumn: vscode.ViewColumn | undefined;
  readonly selection: vscode.Selection;
  readonly visible: vscode.Range | undefined;
  readonly isPreview: boolean;
}

export class Preview {
  private readonly origin = currentOrigin();
  private readonly tabsBefore = new Set(textTabs().map(keyOf));
  private readonly symbol = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    isWholeLine: true,
  });
  private readonly match = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.findMatchHighlightBackground"),
    isWholeLine: true,
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.findMatchForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Center,
  });
  private timer: NodeJS.Timeout | undefined;
  private queue: Promise<void> = Promise.resolve();
  private hasShown = false;
  private hasEnded = false;

  /** Shows the hit after a short delay, unless the user has moved on. */
  move(hit: Hit): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.queue = this.queue.then(() => this.show(hit)).catch(() => undefined); // the file was deleted
    }, DELAY_MS);
  }

  /** Shows what was in the editor before the first hit. */
  async restore(): Promise<void> {
    await this.stop();
    if (this.hasShown) {
      await this.showOrigin().catch(() => undefined); // the file was deleted
      const opened = textTabs().filter((tab) => tab.isPreview && !this.tabsBefore.has(keyOf(tab)));
      await vscode.window.tabGroups.close(opened, true);
    }
  }

  /** Leaves the editor as it is. */
  async end(): Promise<void> {
    await this.stop();
    this.symbol.dispose();
    this.match.dispose();
    if (this.hasShown) {
      setPreviewing(false);
    }
  }

  private async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.hasEnded = true;
    await this.queue;
  }

  private async show(hit: Hit): Promise<void> {
    if (this.hasEnded) {
      return;
    }
    if (!this.hasShown) {
      this.hasShown = true;
      setPreviewing(true);
    }
    const name = rangeOf(hit.selectionRange);
    const editor = await vscode.window.showTextDocument(uriOf(hit), {
      preview: true,
      preserveFocus: true,
      selection: new vscode.Range(name.start, name.start),
      viewColumn: this.origin?.viewColumn ?? vscode.ViewColumn.Active,
    });
    editor.revealRange(name, vscode.TextEditorRevealType.InCenter); // the picker covers the top of the editor
    editor.setDecorations(this.symbol, [rangeOf(hit.location.range)]);
    editor.setDecorations(this.match, hit.highlights.map(rangeOf));
  }

  private async showOrigin(): Promise<void> {
    const { origin } = this;
    if (origin !== undefined) {
      const editor = await vscode.window.showTextDocument(origin.document, {
        preview: origin.isPreview,
        preserveFocus: true,
        selection: origin.selection,
        ...(origin.viewColumn === undefined ? {} : { viewColumn: origin.viewColumn }),
      });
      if (origin.visible !== undefined) {
        editor.revealRange(origin.visible, vscode.TextEditorRevealType.AtTop);
      }
    }
  }
}

/** While this is set, Escape runs `semlens.escape`, which restores the editor. */
function setPreviewing(isPreviewing: boolean): void {
  void vscode.commands.executeCommand("setContext", "semlens.previewing", isPreviewing);
}

function currentOrigin(): Origin | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor === undefined
    ? undefined
    : {
        document: editor.document,
        viewColumn: editor.viewColumn,
        selection: editor.selection,
        visible: editor.visibleRanges[0],
        isPreview: vscode.window.tabGroups.activeTabGroup.activeTab?.isPreview ?? false,
      };
}

function textTabs(): vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap((group) =>
    group.tabs.filter((tab) => tab.input instanceof vscode.TabInputText),
  );
}

function keyOf(tab: vscode.Tab): string {
  const uri = tab.input instanceof vscode.TabInputText ? tab.input.uri.toString() : "";
  return `${tab.group.viewColumn} ${uri}`;
}
