/** Asks for what is around a symbol, and keeps the last graph until the next is there. */
import { useEffect, useState } from "preact/hooks";
import { call, connection, isAborted, sentenceOf } from "../api/client";
import { generation } from "../api/session";
import type { EdgesAnswer } from "../api/types";
import { announce } from "../app/announce";
import { parsePlace, placeParams, route } from "../app/route";
import { type Graph, graphOf } from "./model";

/** Boxes of one column, at first and at most. */
export const FIRST_ROWS = 16;
export const MOST_ROWS = 256;
export const MOST_STEPS = 3;

export interface Wanted {
  root: string;
  path: string;
  line: number;
  steps: number;
  rows: number;
}

/** A second step needs room: without a choice of the user it is shown in wide windows only. */
function stepsAtFirst(): number {
  return innerWidth >= 1400 ? 2 : 1;
}

const inRange = (text: string | null, low: number, high: number, otherwise: number): number => {
  const value = Math.round(Number(text));
  return text && value >= low ? Math.min(value, high) : otherwise;
};

export function wantedOf(params: URLSearchParams): Wanted | null {
  const place = parsePlace(params.get("of"), params.get("ofIn") ?? "");
  if (!place) return null;
  const { root, path, line } = place;
  const steps = inRange(params.get("steps"), 1, MOST_STEPS, stepsAtFirst());
  return { root, path, line, steps, rows: inRange(params.get("rows"), 1, MOST_ROWS, FIRST_ROWS) };
}

export interface Answered {
  key: string;
  graph: Graph | null;
  problem: string;
}

export function useGraph(): { wanted: Wanted | null; answered: Answered; isPending: boolean } {
  const wanted = wantedOf(route.value.params);
  const key = JSON.stringify(wanted);
  const number = generation.value;
  const isLost = connection.value === "lost";
  const [answered, setAnswered] = useState<Answered>({ key: "", graph: null, problem: "" });
  useEffect(() => {
    if (!wanted || isLost) return;
    const abort = new AbortController();
    const params = { ...placeParams(wanted), depth: wanted.steps, limit: wanted.rows };
    const ask = (method: string) => call<EdgesAnswer>(method, params, abort.signal);
    Promise.all([ask("callers"), ask("callees")]).then(
      ([callers, callees]) => {
        const graph = graphOf(callers, callees);
        setAnswered({ key, graph, problem: "" });
        const count = (side: string) => graph.boxes.filter((box) => box.side === side).length;
        if (answered.key !== key) announce(`${count("callers")} callers, ${count("callees")} used`);
      },
      (error: unknown) => !isAborted(error) && setAnswered({ key, graph: null, problem: sentenceOf(error) }),
    );
    return () => abort.abort();
  }, [key, number, isLost]);
  return { wanted, answered, isPending: answered.key !== key };
}
