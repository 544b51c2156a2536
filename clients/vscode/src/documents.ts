// Read-only documents: the status report and contexts. The server does not see their scheme, so search does not find them.

import * as vscode from "vscode";

const SCHEME = "semlens";

export class Documents implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  constructor(subscribe: (...disposables: vscode.Disposable[]) => void) {
    subscribe(
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.uri.scheme === SCHEME) {
          this.texts.delete(document.uri.path);
        }
      }),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "";
  }

  /** :param name: unique among the open documents; its extension sets the language. */
  async show(name: string, text: string): Promise<vscode.TextEditor> {
    const uri = uriOf(name);
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  }

  /** Replaces the text of an open document. Does nothing if it is not open. */
  update(name: string, text: string): void {
    const uri = uriOf(name);
    if (this.texts.has(uri.path) && this.texts.get(uri.path) !== text) {
      this.texts.set(uri.path, text);
      this.changed.fire(uri);
    }
  }
}

function uriOf(name: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${name}` });
}
