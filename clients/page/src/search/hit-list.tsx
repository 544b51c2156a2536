/** The hits as a list of links, so that each opens in a tab of its own as well. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { hasSeveralRoots } from "../api/session";
import type { Hit } from "../api/types";
import { changed, CLOSED, hashOf, navigate, navigateToCode } from "../app/route";
import { PathText } from "../code/code-pane";
import { isReading } from "./focus";
import { Kind } from "./kind";
import { hitParams, hitQuery, keyOf, list, shown } from "./hits";
import { shortName } from "./names";
import { labelOf } from "./reasons";

export function HitList({ label }: { label: string }) {
  const { hits, sections } = list.value;
  const current = shown.value?.hit;
  const own = useRef<HTMLOListElement>(null);
  const wasScrolled = useRef(true); // perhaps by the list before
  useEffect(() => {
    const column = own.current?.parentElement;
    const look = () => (wasScrolled.current = column?.scrollTop !== 0);
    column?.addEventListener("scroll", look, { passive: true });
    return () => column?.removeEventListener("scroll", look);
  }, []);
  const currentKey = current && keyOf(current);
  const base = hashOf(changed(CLOSED));
  useLayoutEffect(() => {
    const isFirst = hits[0] !== undefined && keyOf(hits[0]) === currentKey;
    const column = own.current?.parentElement;
    // each asks the browser to lay out the page at once, which a list that is not scrolled need not wait for
    if (isFirst && wasScrolled.current) {
      column?.scrollTo(0, 0);
      wasScrolled.current = false;
    }
    if (!isFirst) own.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [currentKey, hits]);
  return (
    <ol class="hits" ref={own} aria-label={label}>
      {hits.map((hit, at) => {
        const key = keyOf(hit);
        const section = sections.find((one) => one.at === at);
        return <HitRow key={key} hit={hit} base={base} isCurrent={key === currentKey} section={section?.title} />;
      })}
    </ol>
  );
}

interface RowProps {
  hit: Hit;
  /** The address of the list without a hit. */
  base: string;
  isCurrent: boolean;
  /** The heading that begins here. */
  section: string | undefined;
}

function HitRow({ hit, base, isCurrent, section }: RowProps) {
  return (
    <li>
      {section && <h2 class="section">{section}</h2>}
      <a
        class="hit-row"
        href={`${base}${base.includes("?") ? "&" : "?"}${hitQuery(hit)}`}
        aria-current={isCurrent ? "true" : undefined}
        data-hit
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          read(hit);
        }}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && !isCurrent && select(hit)}
      >
        <span class="hit-title">
          <Kind kind={hit.kind} />
          <span class="name">{shortName(hit)}</span>
          {hit.dirty && <span class="tag">unsaved</span>}
          {hit.team && <span class="tag">team</span>}
          <span class="reasons">
            {hit.reasons.map((reason) => (
              <span class="reason" key={reason}>
                {labelOf(reason)}
              </span>
            ))}
          </span>
        </span>
        <span class="signature">{hit.signature || hit.snippet?.text.trim().split("\n")[0]}</span>
        <span class="where">
          {hit.team ? (
            <PathText path={`${hit.team}/${hit.path}`} root="" />
          ) : (
            <PathText path={hit.path} root={hasSeveralRoots.value ? (hit.root ?? "") : ""} />
          )}
          <span class="line-no">:{hit.startLine}</span>
        </span>
      </a>
    </li>
  );
}

export function select(hit: Hit): void {
  navigate(changed(hitParams(hit)), { replace: true });
}

/** Select the hit and turn to its code. Where that covers the list, the way back leads to the list. */
export function read(hit: Hit): void {
  const isCovered = document.querySelector<HTMLElement>(".column + .pane")?.offsetParent === null;
  if (isCovered) navigateToCode(changed(hitParams(hit)));
  else select(hit);
  isReading.value = true;
}

/** Select the hit `step` places further; false at an end of the list. */
export function move(step: number): boolean {
  const { hits } = list.value;
  const current = shown.value?.hit;
  const at = current ? hits.findIndex((hit) => keyOf(hit) === keyOf(current)) : -1;
  const next = hits[at + step];
  if (!next) return false;
  select(next);
  return true;
}
