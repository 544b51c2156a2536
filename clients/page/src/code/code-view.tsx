/** The text of a file in blocks of lines. Only blocks near the window have colours and links; all have their text, so that the
 * browser's own search and selection work on the whole file. */
import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { focusWantedCode } from "../search/focus";
import { highlight } from "./highlighter";
import type { Line } from "./tokens";

const BLOCK = 40;

export interface CodeProps {
  lines: string[];
  /** Number of the first line. */
  firstLine: number;
  language: string;
  /** The symbol: first and last line. */
  from: number;
  to: number;
  highlights: [number, number][];
  /** Where a click on a line number leads. */
  hrefOf: (line: number) => string;
  label: string;
  /** Changes when the reader should be taken to `from` again. */
  place: string;
}

export function CodeView({ lines, firstLine, language, from, to, highlights, hrefOf, label, place }: CodeProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const coloured = useColours(lines, language);
  const near = useNearBlocks(scroller, lines, from - firstLine + 1);
  const blocks = useMemo(() => Array.from({ length: Math.ceil(lines.length / BLOCK) }, (_, index) => index), [lines]);
  useLayoutEffect(() => scrollTo(scroller.current, from - firstLine + 1, to - firstLine + 1), [place, lines]);
  useLayoutEffect(() => focusWantedCode(scroller.current), []);
  const digits = String(firstLine + lines.length).length;
  return (
    <div class="code" ref={scroller} tabIndex={0} role="region" aria-label={label} data-digits={Math.min(digits, 7)}>
      <div class="code-lines">
        {blocks.map((block) => (
          <Block
            key={block}
            block={block}
            lines={lines}
            firstLine={firstLine}
            coloured={near.has(block) ? coloured : null}
            isNear={near.has(block)}
            from={from}
            to={to}
            highlights={highlights}
            hrefOf={hrefOf}
          />
        ))}
      </div>
    </div>
  );
}

interface BlockProps extends Pick<CodeProps, "lines" | "firstLine" | "from" | "to" | "highlights" | "hrefOf"> {
  block: number;
  coloured: Line[] | null;
  isNear: boolean;
}

const Block = memo(({ block, lines, firstLine, coloured, isNear, from, to, highlights, hrefOf }: BlockProps) => {
  const first = block * BLOCK;
  const texts = lines.slice(first, first + BLOCK);
  if (!isNear) return <pre class="block far">{`${texts.join("\n")}\n`}</pre>;
  return (
    <div class="block">
      {texts.map((text, offset) => {
        const number = firstLine + first + offset;
        const isHit = highlights.some(([start, end]) => number >= start && number <= end);
        const classes = `line${number >= from && number <= to ? " own" : ""}${isHit ? " hit" : ""}`;
        return (
          <div class={classes} key={number}>
            <a class="number" href={hrefOf(number)} aria-label={`Line ${number}`} tabIndex={-1} data-line={number} />
            <pre class="text">{tokensOf(text, coloured?.[first + offset])}</pre>
          </div>
        );
      })}
    </div>
  );
});

function tokensOf(text: string, line: Line | undefined) {
  if (!text) return "\n";
  if (!line) return text;
  return line.map(([kind, part], index) =>
    kind ? (
      <span key={index} class={`t-${kind}`}>
        {part}
      </span>
    ) : (
      part
    ),
  );
}

function useColours(lines: string[], language: string): Line[] | null {
  const [state, setState] = useState<{ lines: string[]; coloured: Line[] } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void highlight(lines.join("\n"), language).then((coloured) => {
      if (isCurrent && coloured) setState({ lines, coloured });
    });
    return () => {
      isCurrent = false;
    };
  }, [lines, language]);
  return state?.lines === lines ? state.coloured : null;
}

/** The blocks within a screen of what is seen. */
function useNearBlocks(scroller: { current: HTMLDivElement | null }, lines: string[], from: number): Set<number> {
  const start = Math.floor((Math.max(from, 1) - 1) / BLOCK);
  const [near, setNear] = useState<{ lines: string[]; blocks: Set<number> }>(() => ({ lines, blocks: around(start) }));
  const current = near.lines === lines ? near.blocks : around(start);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = () => {
      const height = lineHeight(element) * BLOCK;
      const first = Math.floor((element.scrollTop - element.clientHeight) / height);
      const last = Math.floor((element.scrollTop + 2 * element.clientHeight) / height);
      const blocks = new Set<number>();
      for (let block = Math.max(0, first); block <= last; block++) blocks.add(block);
      setNear((old) => (old.lines === lines && isSame(old.blocks, blocks) ? old : { lines, blocks }));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [lines]);
  return current;
}

function around(block: number): Set<number> {
  return new Set([block - 1, block, block + 1]);
}

function isSame(one: Set<number>, other: Set<number>): boolean {
  return one.size === other.size && [...one].every((value) => other.has(value));
}

function lineHeight(element: Element): number {
  return Number.parseFloat(getComputedStyle(element).lineHeight) || 20;
}

/** A symbol that fits stands in the upper third; the start of a longer one near the top. */
function scrollTo(element: HTMLDivElement | null, from: number, to: number): void {
  if (!element) return;
  const height = lineHeight(element);
  const room = element.clientHeight / height - (to - from + 1);
  const above = Math.max(2, Math.min(room / 3, element.clientHeight / height / 3));
  element.scrollTop = Math.max(0, (from - 1 - above) * height);
  element.scrollLeft = 0;
}
