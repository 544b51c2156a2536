/** The lists that start from a place instead of a question. */
import type { Edge, Hit } from "../api/types";
import type { View } from "../app/route";

export type RelatedView = "similar" | "callers" | "callees";

export interface Related {
  view: RelatedView;
  key: string;
  label: string;
  /** What stands above the list, before and after the name of the symbol. */
  title: [before: string, after: string];
  nothing: string;
}

export const RELATED: readonly Related[] = [
  { view: "similar", key: "s", label: "Similar", title: ["Code like", ""], nothing: "Nothing like it was found." },
  { view: "callers", key: "c", label: "Callers", title: ["Who uses", ""], nothing: "Nothing that uses it was found." },
  { view: "callees", key: "d", label: "Uses", title: ["What", "uses"], nothing: "It uses nothing that is indexed." },
];

export function relatedOf(view: View): Related | undefined {
  return RELATED.find((one) => one.view === view);
}

const KINDS: Record<string, string> = { call: "call", use: "use", inherits: "inherits", imports: "imports" };

/** An edge of the call graph as a hit: the lines of the use stand out, and how sure it is takes the place of the reasons. */
export function hitOfEdge({ hit, ranges, confidence, kind }: Edge, view: RelatedView): Hit {
  const lines =
    view === "callers" ? ranges.map(({ startLine, endLine }): [number, number] => [startLine, endLine]) : [];
  const certainty = confidence >= 0.9 ? [] : [confidence >= 0.5 ? "likely" : "possible"];
  return { ...hit, highlights: lines, reasons: [KINDS[kind] ?? kind, ...certainty] };
}
