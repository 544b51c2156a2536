/** The answers about changes and unused definitions as lists with headings. */
import type { AffectedPath, Hit, ImpactAnswer, UnusedAnswer } from "../api/types";

export interface Section {
  /** Index of its first hit. */
  at: number;
  title: string;
}

export interface SectionedList {
  hits: Hit[];
  sections: Section[];
  summary: string;
  notes: string[];
}

const number = (value: number): string => value.toLocaleString("en");
const counted = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

/** A list of thousands is slow to draw, and nobody reads it. */
const MAX_SHOWN = 200;

function sectioned(parts: { title: string; hits: Hit[] }[]): Pick<SectionedList, "hits" | "sections"> {
  const hits: Hit[] = [];
  const sections: Section[] = [];
  for (const part of parts) {
    if (part.hits.length === 0) continue;
    const count = number(part.hits.length);
    const first = part.hits.length > MAX_SHOWN ? `the first ${MAX_SHOWN} of ` : "";
    sections.push({ at: hits.length, title: `${part.title} (${first}${count})` });
    hits.push(...part.hits.slice(0, MAX_SHOWN));
  }
  return { hits, sections };
}

export function impactList({ changed, affected, tests, omitted, notes }: ImpactAnswer): SectionedList {
  const { hits, sections } = sectioned([
    {
      title: "Changed",
      hits: changed.map((hit) => ({ ...hit, reasons: [], why: "Here because the change is in it." })),
    },
    { title: "Tests that reach it", hits: tests.map((one) => reached(one, one)) },
    { title: "May be affected", hits: affected.map((one) => reached(one.hit, one)) },
  ]);
  const files = new Set(tests.map(({ root, path }) => `${root}\n${path}`)).size;
  const summary =
    changed.length + tests.length === 0
      ? ""
      : `${counted(changed.length, "symbol")} changed, ${counted(affected.length + omitted, "other")} may be affected, ` +
        (files > 0 ? `tests in ${counted(files, "file")}` : "no test of them is known");
  const left = omitted > 0 ? [`${number(omitted)} more may be affected; the nearest are shown.`] : [];
  return { hits, sections, summary, notes: [...notes, ...left] };
}

function reached(hit: Hit, { via, distance, confidence }: AffectedPath): Hit {
  const doubt = confidence >= 0.8 ? [] : [confidence >= 0.5 ? "likely" : "possible"];
  const steps = distance > 1 ? [`${distance} steps`] : [];
  const way = [...via].reverse().join(", which uses ");
  return { ...hit, reasons: [...steps, ...doubt], why: way ? `Here because it uses ${way}.` : "" };
}

export function unusedList({ symbols, assumed, omitted }: UnusedAnswer): SectionedList {
  const byAssumption = new Map<string, Hit[]>();
  for (const { hit, assumption } of symbols) {
    const why = assumption ? `Nothing here uses it, but ${assumption}.` : "Nothing here seems to use it.";
    const hits = byAssumption.get(assumption) ?? [];
    hits.push({ ...hit, reasons: [], why });
    byAssumption.set(assumption, hits);
  }
  const title = (assumption: string) => (assumption ? `Perhaps: ${assumption}` : "Nothing seems to use them");
  const parts = [...byAssumption].map(([assumption, hits]) => ({ title: title(assumption), hits }));
  const { hits, sections } = sectioned(parts);
  const more =
    omitted > 0 ? `${number(symbols.length)} of ${number(symbols.length + omitted)}` : number(symbols.length);
  const kept = Object.entries(assumed)
    .sort((one, other) => other[1] - one[1])
    .map(([reason, count]) => `${number(count)} ${reason}`);
  return {
    hits,
    sections,
    summary: hits.length > 0 ? `${more} ${symbols.length + omitted === 1 ? "definition" : "definitions"}` : "",
    notes: kept.length > 0 ? [`Taken as used: ${kept.join("; ")}.`] : [],
  };
}
