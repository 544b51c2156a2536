// Language-model tools for assistants in VS Code 1.95 and later. The extension supports older versions too, so the
// typings lack this API. A tool's result goes to the assistant, so VS Code asks the user before each call.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { pathOf } from "./hits";
import type { ContextResult, Hit, SearchResult } from "./protocol";
import { messageText, oneLine, printable } from "./format";

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

const DEFAULT_LIMIT = 10;

export function registerTools(ctx: Ctx): void {
  const api = vscode as unknown as ToolApi;
  if (api.lm?.registerTool === undefined) {
    return;
  }
  const toToolResult = (text: string): unknown =>
    new api.LanguageModelToolResult([new api.LanguageModelTextPart(text)]);
  const search: Tool<SearchInput> = {
    prepareInvocation: ({ input }) => confirmation(`Search for “${input.query}”`, "names, paths and single lines"),
    invoke: async ({ input }, token) => {
      const { query, limit, ...filter } = input;
      const params = { query, limit: limit ?? DEFAULT_LIMIT, filter, mask: true };
      const result = await ask<SearchResult>(ctx, "semlens/search", params, token);
      return toToolResult(searchText(result));
    },
  };
  const context: Tool<ContextInput> = {
    prepareInvocation: ({ input }) =>
      confirmation(`Collect context for ${input.query ?? input.path ?? "the workspace"}`, "code of this workspace"),
    invoke: async ({ input }, token) => {
      const params = contextParams(input, ctx.config.contextBudget);
      const pack = await ask<ContextResult>(ctx, "semlens/context", params, token);
      return toToolResult(pack.text);
    },
  };
  ctx.subscribe(api.lm.registerTool("semlens_search", search), api.lm.registerTool("semlens_context", context));
}

async function ask<T>(ctx: Ctx, method: string, params: object, token: vscode.CancellationToken): Promise<T> {
  const answer = await ctx.ask((server) => server.request<T>(method, params, token));
  if (answer === undefined) {
    throw new Error("The semlens server does not run. Ask the user to run the command “semlens: Set Up Server”.");
  }
  return answer;
}

function confirmation(invocation: string, content: string): unknown {
  const invocationMessage = messageText(invocation); // it contains untrusted text from the assistant
  const message = `This sends ${content} to the assistant.`;
  return { invocationMessage, confirmationMessages: { title: invocationMessage, message } };
}

function searchText(result: SearchResult): string {
  const incomplete = result.complete ? "" : "The index is not complete yet. Search again later for more hits.\n";
  if (result.hits.length === 0) {
    return `${incomplete}No hits.`;
  }
  return `${incomplete}${result.hits.map(hitText).join("\n\n")}\n`;
}

function hitText(hit: Hit): string {
  const { start, end } = hit.location.range;
  const container = hit.containerName === undefined ? "" : ` in ${hit.containerName}`;
  const unsaved = hit.dirty ? " (unsaved)" : "";
  const place = `${pathOf(hit)}:${start.line + 1}-${end.line + 1}${unsaved}`;
  const snippet = `${hit.snippet.range.start.line + 1}: ${printable(hit.snippet.text).trim()}`;
  return `${place}  ${oneLine(hit.name + container)}\n  ${oneLine(hit.signature)}\n  ${snippet}`;
}

function contextParams(input: ContextInput, budget: number): object {
  const params = {
    ...(input.query === undefined ? {} : { query: input.query }),
    budget: input.budget ?? (budget || 4000),
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
