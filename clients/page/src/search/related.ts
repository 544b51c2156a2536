/** The lists that start from a place instead of a question. */
import type { Edge, EdgesAnswer, Hit } from "../api/types";
import type { View } from "../app/route";

export type RelatedView = "similar" | "callers" | "callees";

/** What one can ask for at a place: the lists, and the graph. `needs` is the method of the server. */
export const FROM_A_PLACE = [
  { view: "similar", key: "s", label: "Similar", needs: "similar" },
  { view: "callers", key: "c", label: "Callers", needs: "callers" },
  { view: "callees", key: "d", label: "Uses", needs: "callees" },
  { view: "graph", key: "g", label: "Graph", needs: "callers" },
] as const;

export interface Related {
  view: RelatedView;
  label: string;
  /** What stands above the list, before and after the name of the symbol. */
  title: [before: string, after: string];
  nothing: string;
}

export const RELATED: readonly Related[] = [
  { view: "similar", label: "Similar", title: ["Code like", ""], nothing: "Nothing like it was found." },
  { view: "callers", label: "Callers", title: ["Who uses", ""], nothing: "Nothing that uses it was found." },
  { view: "callees", label: "Uses", title: ["What", "uses"], nothing: "It uses nothing that is indexed." },
];

/** Views that are a list of hits with the code beside it. */
export function isListView(view: View): boolean {
  return view === "search" || view === "changes" || view === "unused" || relatedOf(view) !== undefined;
}

export function relatedOf(view: View): Related | undefined {
  return RELATED.find((one) => one.view === view);
}

const KINDS: Record<string, string> = { call: "call", use: "use", inherits: "inherits", imports: "imports" };

/** The answer as a list that says what it leaves out. */
export function edgesList({ edges, omitted, unseen }: EdgesAnswer, view: RelatedView) {
  const number = (value: number) => value.toLocaleString("en");
  return {
    hits: edges.map((edge) => hitOfEdge(edge, view)),
    summary: omitted > 0 ? `The surest ${number(edges.length)} of ${number(edges.length + omitted)} results` : "",
    notes: unseen ? [unseenNote(unseen)] : [],
  };
}

export function unseenNote(count: number): string {
  const uses = count === 1 ? "1 more use of the name was" : `${count.toLocaleString("en")} more uses of the name were`;
  return `${uses} not looked at, because it is very common.`;
}

/** An edge of the call graph as a hit: the lines of the use stand out, and how sure it is takes the place of the reasons. */
export function hitOfEdge({ hit, ranges, confidence, kind }: Edge, view: RelatedView): Hit {
  const lines =
    view === "callers" ? ranges.map(({ startLine, endLine }): [number, number] => [startLine, endLine]) : [];
  const certainty = confidence >= 0.9 ? [] : [confidence >= 0.5 ? "likely" : "possible"];
  return { ...hit, highlights: lines, reasons: [KINDS[kind] ?? kind, ...certainty] };
}
