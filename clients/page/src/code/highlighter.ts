/** Asks the worker for colours. The last few texts are kept. */
import type { Done, Task } from "./highlight.worker";
import type { Line } from "./tokens";

/** A longer text stays plain: colours would take seconds. */
export const MAX_CHARACTERS = 600_000;
const MAX_KEPT = 24;

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, (lines: Line[] | null) => void>();
const kept = new Map<string, Promise<Line[] | null>>();

function start(): Worker {
  worker = new Worker(new URL("./highlight.worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Done>) => {
    waiting.get(data.id)?.(data.lines);
    waiting.delete(data.id);
  };
  worker.onerror = () => {
    for (const resolve of waiting.values()) resolve(null);
    waiting.clear();
    worker = undefined;
  };
  return worker;
}

/** The lines of a text with colours, or null where there are none. */
export function highlight(text: string, language: string): Promise<Line[] | null> {
  if (!language || text.length > MAX_CHARACTERS) return Promise.resolve(null);
  const key = `${language}\n${text}`;
  let lines = kept.get(key);
  if (!lines) {
    lines = new Promise((resolve) => {
      const id = ++lastId;
      waiting.set(id, resolve);
      (worker ?? start()).postMessage({ id, language, text } satisfies Task);
    });
  }
  kept.delete(key);
  kept.set(key, lines);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
  return lines;
}
