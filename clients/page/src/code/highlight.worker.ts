/** Colours a text beside the page, so that typing never waits for it. */
import { createLowlight } from "lowlight";
import { loadGrammar } from "./grammars";
import { type Line, linesOf } from "./tokens";

export interface Task {
  id: number;
  language: string;
  text: string;
}

export interface Done {
  id: number;
  lines: Line[] | null;
}

const lowlight = createLowlight();

onmessage = async ({ data }: MessageEvent<Task>) => {
  const { id, language, text } = data;
  let lines: Line[] | null = null;
  try {
    const grammar = await loadGrammar(language);
    if (grammar) {
      const [name, definitions] = grammar;
      if (!lowlight.registered(name)) lowlight.register(definitions);
      lines = linesOf(lowlight.highlight(name, text));
    }
  } catch {
    // a text without colours is readable
  }
  postMessage({ id, lines } satisfies Done);
};
