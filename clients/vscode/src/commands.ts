// Registers every command of the palette, the menus and the views.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { placeAtCursor } from "./cursor";
import { showEdges, showImpact } from "./graph";
import { History } from "./picker/history";
import { Picker, type HitActions } from "./picker/picker";
import { searchSource, similarSource, type Source } from "./picker/source";
import { subjectOf, type Prompt } from "./prompt";
import { duplicateGroups, groupByFile, type Node, type Results } from "./results";
import type { Setup } from "./server/setup";
import type { StatusItems } from "./status";
import type { DuplicatesResult, Hit, Position, Status } from "./protocol";

export interface Components {
  readonly ctx: Ctx;
  readonly setup: Setup;
  readonly status: StatusItems;
  readonly prompt: Prompt;
  readonly results: Results;
}

export function registerCommands({ ctx, setup, status, prompt, results }: Components): void {
  const history = new History();
  let picker: Picker | undefined;
  const open = async (source: Source, text: string): Promise<void> => {
    if ((await ctx.ensureRunning()) !== undefined) {
      picker = new Picker(ctx, source, history, actions);
      await picker.open(text);
    }
  };
  const similar = (uri: string, position: Position, name: string): Promise<void> =>
    open(similarSource(ctx, uri, position, name), "");
  const actions: HitActions = {
    pin: (source, text, hits) => pin(results, source, text, hits),
    copyContext: (hit) => prompt.copy(subjectOf(hit)),
    similar: (hit) => similar(hit.location.uri, hit.selectionRange.start, hit.name),
  };
  const requestStatus = async (method: string, params: object): Promise<Status | undefined> => {
    const answer = await ctx.request<Status>(method, params);
    if (answer !== undefined) {
      ctx.setStatus(answer);
    }
    return answer;
  };

  const commands: Record<string, (...argument: never[]) => unknown> = {
    find: (query: unknown) => open(searchSource(ctx), typeof query === "string" ? query : ""),
    // The key binding of Escape while hits are shown in the editor.
    escape: () => picker?.escape() === true || vscode.commands.executeCommand("workbench.action.closeQuickOpen"),
    similar: () => {
      const place = placeAtCursor();
      return place && similar(place.uri, place.position, `Line ${place.position.line + 1}`);
    },
    duplicates: () => showDuplicates(ctx, results),
    callers: () => showEdges(ctx, results, "callers"),
    callees: () => showEdges(ctx, results, "callees"),
    impact: () => showImpact(ctx, results),
    "context.copy": (argument: unknown) => prompt.copy(argument),
    "context.open": (argument: unknown) => prompt.open(argument),
    status: () => status.report(),
    reindex: () => requestStatus("semlens/reindex", { full: true }),
    pause: () => requestStatus("semlens/pause", {}),
    resume: () => requestStatus("semlens/resume", {}),
    restart: () => ctx.restart(),
    setup: () => setup.run(),
    log: () => ctx.output.show(),
    "results.refresh": () => results.refresh(),
    "results.clear": () => results.clear(),
    "results.copyAll": () => results.copy(),
    "results.copy": (node: Node, nodes?: Node[]) => results.copy(nodes ?? [node]),
    "results.dismiss": (node: Node, nodes?: Node[]) => results.dismiss(nodes ?? [node]),
    "results.openBeside": (node: Node) => results.openBeside(node),
  };
  for (const [name, run] of Object.entries(commands)) {
    ctx.subscribe(vscode.commands.registerCommand(`semlens.${name}`, run));
  }
}

function pin(results: Results, source: Source, text: string, hits: readonly Hit[]): Promise<void> {
  return results.show({
    title: source.isLive ? text : source.title,
    groups: groupByFile(hits),
    reload: async () => {
      const { token } = new vscode.CancellationTokenSource();
      const answer = await source.search(text, () => undefined, token);
      return answer && groupByFile(answer.hits);
    },
  });
}

async function showDuplicates(ctx: Ctx, results: Results): Promise<void> {
  const progress = {
    location: vscode.ProgressLocation.Notification,
    title: "Looking for duplicates",
    cancellable: true,
  };
  const reload = async (): Promise<ReturnType<typeof duplicateGroups> | undefined> => {
    const answer = await vscode.window.withProgress(progress, (_bar, token) =>
      ctx.request<DuplicatesResult>("semlens/duplicates", {}, token),
    );
    return answer && duplicateGroups(answer);
  };
  const groups = await reload();
  if (groups?.length === 0) {
    void vscode.window.showInformationMessage("No duplicates of five lines or more were found.");
  } else if (groups !== undefined) {
    await results.show({ title: "Duplicates", groups, reload });
  }
}
