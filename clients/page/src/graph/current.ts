/** The box of the call graph that the keyboard is at, for the keys of the whole page. */
import { signal } from "@preact/signals";
import type { Hit } from "../api/types";
import type { Place } from "../app/route";

export const graphCurrent = signal<{ place: Place; hit: Hit } | null>(null);
