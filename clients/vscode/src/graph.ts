// Callers, callees and the impact of the current change, as trees in the results view.

import * as vscode from "vscode";
import type { Ctx } from "./ctx";
import { placeAtCursor } from "./cursor";
import { oneLine } from "./format";
import type { Edge, EdgesResult, Hit, ImpactResult, Position } from "./protocol";
import type { Group, Listing, Results } from "./results";

type Direction = "callers" | "callees";

const SURE = 0.8;

/** Lists who uses the symbol at the cursor, or what it uses. Each row opens to its own callers or callees. */
export async function showEdges(ctx: Ctx, results: Results, direction: Direction): Promise<void> {
  const place = placeAtCursor();
  if (place === undefined) {
    return;
  }
  const reload = (): Promise<EdgesResult | undefined> => edgesAt(ctx, direction, place.uri, place.position);
  const answer = await reload();
  if (answer === undefined) {
    return;
  }
  const name = oneLine(answer.symbol.name);
  if (answer.edges.length === 0) {
    void vscode.window.showInformationMessage(
      direction === "callers" ? `Nothing in the workspace uses ${name}.` : `${name} uses nothing of the workspace.`,
    );
    return;
  }
  await results.show({
    title: direction === "callers" ? `Callers of ${name}` : `Callees of ${name}`,
    groups: groupsOf(answer),
    reload: async () => {
      const again = await reload();
      return again && groupsOf(again);
    },
    expand: async (hit) => {
      const next = await edgesAt(ctx, direction, hit.location.uri, hit.selectionRange.start);
      return next?.edges.map((edge) => edge.hit);
    },
  });
}

/** Lists the tests that reach the changes since the last commit, and what else they may affect. */
export async function showImpact(ctx: Ctx, results: Results): Promise<void> {
  const progress = { location: vscode.ProgressLocation.Window, title: "Following the change" };
  const reload = async (): Promise<readonly Group[] | undefined> => {
    const answer = await vscode.window.withProgress(progress, () => ctx.request<ImpactResult>("semlens/impact", {}));
    return answer && impactGroups(answer);
  };
  const groups = await reload();
  if (groups?.length === 0) {
    void vscode.window.showInformationMessage("The changes since the last commit reach no other code.");
  } else if (groups !== undefined) {
    const listing: Listing = { title: "Impact of the change", groups, reload };
    await results.show(listing);
  }
}

function edgesAt(ctx: Ctx, direction: Direction, uri: string, position: Position): Promise<EdgesResult | undefined> {
  return ctx.request<EdgesResult>(`semlens/${direction}`, { textDocument: { uri }, position });
}

function groupsOf(answer: EdgesResult): Group[] {
  const notes = new Map(answer.edges.map((edge) => [edge.hit, noteOf(edge)]));
  const sure = answer.edges.filter((edge) => edge.confidence >= SURE);
  const doubtful = answer.edges.filter((edge) => edge.confidence < SURE);
  const perhaps = group("Perhaps", "less sure", doubtful, notes);
  return group("Surely", "80% sure and more", sure, notes).concat(perhaps);
}

function impactGroups(answer: ImpactResult): Group[] {
  const tests = answer.tests.map((hit) => ({ hit, via: hit.via }));
  const notes = new Map([...tests, ...answer.affected].map(({ hit, via }) => [hit as Hit, `via ${via.join(" > ")}`]));
  const affected = group("May Be Affected", "nearest first", answer.affected, notes);
  return group("Tests", "that reach the change", tests, notes).concat(affected);
}

function group(
  label: string,
  description: string,
  members: readonly { readonly hit: Hit }[],
  notes: ReadonlyMap<Hit, string>,
): Group[] {
  return members.length === 0 ? [] : [{ label, description, hits: members.map(({ hit }) => hit), notes }];
}

function noteOf(edge: Edge): string {
  return edge.confidence < SURE ? `${Math.round(100 * edge.confidence)}%` : edge.test ? "test" : "";
}
