// Language-model tools for assistants in VS Code 1.95 and later: those of `semlens mcp`, with the text of the editor that
// is not saved. The extension supports older versions too, so the typings lack this API. A tool's result goes to the
// assistant, so VS Code asks the user before each call. The server masks secrets.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { messageText } from "./format";
import type { ContextResult, EdgesResult, Hit, SearchResult, Status } from "./protocol";
import { exploreText, searchText, statusText } from "./tool-texts";

interface Invocation<T> {
  readonly input: T;
}

interface Tool<T> {
  invoke(options: Invocation<T>, token: vscode.CancellationToken): Promise<unknown>;
  prepareInvocation(options: Invocation<T>): unknown;
}

interface ToolApi {
  readonly lm?: { registerTool?<T>(name: string, tool: Tool<T>): vscode.Disposable };
  readonly LanguageModelTextPart: new (text: string) => unknown;
  readonly LanguageModelToolResult: new (parts: unknown[]) => unknown;
}

interface SearchInput {
  readonly query: string;
  readonly limit?: number;
  readonly languages?: readonly string[];
  readonly kinds?: readonly string[];
  readonly paths?: readonly string[];
  readonly tests?: "include" | "exclude" | "only";
}

interface ContextInput {
  readonly query?: string;
  readonly path?: string;
  readonly line?: number;
  readonly endLine?: number;
  readonly budget?: number;
}

interface ExploreInput {
  readonly place: string;
  readonly depth?: number;
  readonly budget?: number;
}

const DEFAULT_LIMIT = 10;
const DEFAULT_BUDGET = 4000;
const EXPLORE_BUDGET = 3000;
const MAX_DEPTH = 3;
const MAX_EDGES = 40;
const CODE_SHARE = 0.6; // of the budget of `semlens_explore_symbol`

type Ask = <T>(method: string, params: object, token: vscode.CancellationToken) => Promise<T>;

export function registerTools(ctx: Ctx): void {
  const api = vscode as unknown as ToolApi;
  const { lm } = api;
  if (lm?.registerTool === undefined) {
    return;
  }
  const ask: Ask = async <T>(method: string, params: object, token: vscode.CancellationToken): Promise<T> => {
    const answer = await ctx.ask((server) => server.request<T>(method, params, token));
    if (answer === undefined) {
      throw new Error("The semlens server does not run. Ask the user to run the command “semlens: Set Up Server”.");
    }
    return answer;
  };
  const register = <T>(
    name: string,
    confirm: (input: T) => unknown,
    answer: (input: T, token: vscode.CancellationToken) => Promise<string>,
  ): void => {
    const tool: Tool<T> = {
      prepareInvocation: ({ input }) => confirm(input),
      invoke: async ({ input }, token) =>
        new api.LanguageModelToolResult([new api.LanguageModelTextPart(await answer(input, token))]),
    };
    const registered = lm.registerTool?.(name, tool);
    if (registered !== undefined) {
      ctx.subscribe(registered);
    }
  };
  register<SearchInput>(
    "semlens_search_code",
    ({ query }) => confirmation(`Search for “${query}”`, "names, paths and single lines"),
    async ({ query, limit, ...filter }, token) => {
      const params = { query, limit: limit ?? DEFAULT_LIMIT, filter, mask: true };
      return searchText(await ask<SearchResult>("semlens/search", params, token));
    },
  );
  register<ContextInput>(
    "semlens_get_context",
    ({ query, path }) => confirmation(`Collect context for ${query ?? path ?? "the workspace"}`, CODE),
    async (input, token) =>
      (await ask<ContextResult>("semlens/context", contextParams(input, ctx.config.contextBudget), token)).text,
  );
  register<ExploreInput>(
    "semlens_explore_symbol",
    ({ place }) => confirmation(`Explore ${place}`, CODE),
    (input, token) => explore(ask, input, token),
  );
  register<object>(
    "semlens_index_status",
    () => ({ invocationMessage: "Ask for the state of the index" }),
    async (_, token) => statusText(await ask<Status>("semlens/status", {}, token)),
  );
}

const CODE = "code of this workspace";

function confirmation(invocation: string, content: string): unknown {
  const invocationMessage = messageText(invocation); // it contains untrusted text from the assistant
  const message = `This sends ${content} to the assistant.`;
  return { invocationMessage, confirmationMessages: { title: invocationMessage, message } };
}

/** The places first, so that no relation is left out for lack of room, then code as far as the budget goes. */
async function explore(ask: Ask, input: ExploreInput, token: vscode.CancellationToken): Promise<string> {
  const budget = input.budget ?? EXPLORE_BUDGET;
  const depth = Math.min(Math.max(Math.round(input.depth ?? 1), 1), MAX_DEPTH);
  const params = { ...placeParams(input.place), depth, limit: MAX_EDGES };
  const [callers, callees] = await Promise.all([
    ask<EdgesResult>("semlens/callers", params, token),
    ask<EdgesResult>("semlens/callees", params, token),
  ]);
  const pack = await ask<ContextResult>(
    "semlens/context",
    { ...placeOf(callers.symbol), tests: true, budget: Math.max(1, Math.round(budget * CODE_SHARE)) },
    token,
  );
  return exploreText(callers, callees, pack.text, budget - pack.tokens);
}

function placeOf(hit: Hit): object {
  return { textDocument: { uri: hit.location.uri }, position: hit.selectionRange.start };
}

/** `path:line`, or the name of a symbol. */
function placeParams(place: string): object {
  const named = /^(.+?):(\d+)(?:-\d+)?$/s.exec(place.trim());
  if (named?.[1] === undefined) {
    return { name: place.trim() };
  }
  const line = Math.max(Number(named[2]) - 1, 0);
  return { textDocument: { uri: uriInWorkspace(named[1]).toString() }, position: { line, character: 0 } };
}

function contextParams(input: ContextInput, budget: number): object {
  const params = {
    ...(input.query === undefined ? {} : { query: input.query }),
    budget: input.budget ?? (budget || DEFAULT_BUDGET),
  };
  if (input.path === undefined) {
    return params;
  }
  const textDocument = { uri: uriInWorkspace(input.path).toString() };
  const line = Math.max((input.line ?? 1) - 1, 0);
  const endLine = Math.max((input.endLine ?? input.line ?? 1) - 1, line);
  const range = { start: { line, character: 0 }, end: { line: endLine, character: 0 } };
  return { ...params, textDocument, range };
}

/** The URI of a path in the form that `asRelativePath` returns. */
function uriInWorkspace(path: string): vscode.Uri {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const namedFolder = folders.length > 1 ? folders.find((folder) => path.startsWith(`${folder.name}/`)) : undefined;
  const folder = namedFolder ?? folders[0];
  if (folder === undefined || path.startsWith("/")) {
    return vscode.Uri.file(path);
  }
  return vscode.Uri.joinPath(folder.uri, namedFolder === undefined ? path : path.slice(namedFolder.name.length + 1));
}
