// The lists that the picker can show. Each source sends one kind of request; all return a `SearchResult`.

import * as vscode from "vscode";
import type { Ctx } from "../ctx";
import type { PartialResult, Position, SearchResult } from "../protocol";

export interface Source {
  readonly title: string;
  readonly placeholder: string;
  /** True: every keystroke sends a request. False: one request, and typing filters the list. */
  readonly isLive: boolean;
  /** :raises Error: with a message for the user. */
  search(
    text: string,
    onPartial: (partial: PartialResult) => void,
    token: vscode.CancellationToken,
  ): Promise<SearchResult | undefined>;
}

let nRequests = 0;

export function searchSource(ctx: Ctx): Source {
  const document = vscode.window.activeTextEditor?.document;
  const context = document === undefined ? {} : { textDocument: { uri: document.uri.toString() } };
  return {
    title: "Find Code by Meaning",
    placeholder: "Describe what the code does, or name it (lang: kind: path: test: in:)",
    isLive: true,
    search: (query, onPartial, token) =>
      ctx.ask(async (server) => {
        // Each request has its own token, so that late partial results of an older one are ignored.
        const refineToken = `semlens-${++nRequests}`;
        const listener = server.onPartial(refineToken, onPartial);
        try {
          return await server.request<SearchResult>("semlens/search", { query, ...context, refineToken }, token);
        } finally {
          listener.dispose();
        }
      }),
  };
}

export function similarSource(ctx: Ctx, uri: string, position: Position, name: string): Source {
  return {
    title: `Code Similar to ${name}`,
    placeholder: "Type to filter the list",
    isLive: false,
    search: (_text, _onPartial, token) => {
      const params = { textDocument: { uri }, position };
      return ctx.ask((server) => server.request<SearchResult>("semlens/similar", params, token));
    },
  };
}
