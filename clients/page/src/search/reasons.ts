/** Why a hit is in the list, in words. */
import type { Hit, SearchAnswer } from "../api/types";

const REASONS: Record<string, { label: string; clause: string }> = {
  name: { label: "name", clause: "its name matches" },
  path: { label: "path", clause: "its path matches" },
  words: { label: "words", clause: "it has words of the question" },
  meaning: { label: "meaning", clause: "its meaning is close to the question" },
  trace: { label: "trace", clause: "it is in the stack trace" },
  recent: { label: "recent", clause: "you looked at it recently" },
};

export function labelOf(reason: string): string {
  return REASONS[reason]?.label ?? reason;
}

const ASKED: Record<string, string> = { similar: "that code" };

export function whyHere(hit: Hit, view = "search"): string {
  if (view === "callers") return "Here because it uses that code.";
  if (view === "callees") return "Here because that code uses it.";
  const clauses = hit.reasons.map((reason) => REASONS[reason]?.clause ?? reason);
  if (clauses.length === 0) return "Here because nothing else fits better.";
  const last = clauses.pop()!;
  const sentence = `Here because ${clauses.length > 0 ? `${clauses.join(", ")} and ${last}` : last}.`;
  return sentence.replaceAll("the question", ASKED[view] ?? "the question");
}

export interface Certainty {
  label: string;
  percent: number;
}

/** The server's estimate that one of the first three hits is what was asked for. */
export function certaintyOf(answer: SearchAnswer): Certainty | null {
  if (answer.confidence === undefined) return null;
  const percent = Math.round(answer.confidence * 100);
  const label = percent >= 80 ? "very likely" : percent >= 55 ? "likely" : percent >= 30 ? "possible" : "unlikely";
  return { label, percent };
}

export const NOTHING_FITS = "Nothing seems to fit. These places are the closest.";
