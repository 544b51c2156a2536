// What can be listed: answers of the server, all in the form of `semlens/search`'s.

import * as vscode from "vscode";
import type { Ctx } from "../ctx";
import type { PartialAnswer, Place, SearchAnswer } from "../wire";

export interface Source {
  readonly title: string;
  readonly placeholder: string;
  /** Searched again at each keystroke; otherwise searched once, and typing narrows the list. */
  readonly isLive: boolean;
  /** :raises Error: with a sentence for the user. */
  ask(
    text: string,
    onPartial: (partial: PartialAnswer) => void,
    token: vscode.CancellationToken,
  ): Promise<SearchAnswer | undefined>;
}

let nQuestions = 0;

export function searchSource(ctx: Ctx): Source {
  const document = vscode.window.activeTextEditor?.document;
  const near = document === undefined ? {} : { textDocument: { uri: document.uri.toString() } };
  return {
    title: "Find Code by Meaning",
    placeholder: "Describe what the code does, or name it (lang: kind: path: test: in:)",
    isLive: true,
    ask: async (query, onPartial, token) => {
      const server = await ctx.ready();
      // A token of its own for each question: what still comes for an older one reaches nobody.
      const refineToken = `semlens-${++nQuestions}`;
      const listener = server?.onPartial(refineToken, onPartial);
      try {
        return await server?.request<SearchAnswer>("semlens/search", { query, ...near, refineToken }, token);
      } finally {
        listener?.dispose();
      }
    },
  };
}

export function similarSource(ctx: Ctx, uri: string, position: Place, name: string): Source {
  return {
    title: `Code Similar to ${name}`,
    placeholder: "Type to narrow the list",
    isLive: false,
    ask: async (_text, _onPartial, token) => {
      const params = { textDocument: { uri }, position };
      return (await ctx.ready())?.request<SearchAnswer>("semlens/similar", params, token);
    },
  };
}
