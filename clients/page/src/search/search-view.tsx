/** The question, its filters, the hits and the preview. */
import { batch } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { status } from "../api/session";
import { CodePane } from "../code/code-pane";
import { Icon } from "../app/icons";
import { changed, CLOSED, goBack, hashOf, navigate, placeText, route, type View } from "../app/route";
import { ChangesHead, UnusedHead } from "../changes/heads";
import { Filters } from "./filters";
import { focusAnswer, focusCurrent, focusQuery, isReading, leaveCode } from "./focus";
import { failure, isPending, list, origin, request, shown } from "./hits";
import { HitList, move } from "./hit-list";
import { FIRST_LIMIT, limit, query } from "./query";
import { relatedOf } from "./related";
import { certaintyOf, NOTHING_FITS } from "./reasons";

export function SearchView() {
  const { view } = route.value;
  const isAnswered = list.value.key === request.value?.key;
  const isBack = useRef(false); // to a result of a question
  useEffect(() => {
    const isSearch = view === "search";
    const isOpen = route.value.params.has("open");
    isBack.current = isSearch && isOpen && !isReading.value;
    if (isSearch && !isOpen) focusQuery();
  }, [view]);
  useEffect(() => {
    if (isAnswered && (view !== "search" || isBack.current)) focusAnswer();
    if (isAnswered) isBack.current = false;
  }, [view, isAnswered]);
  const current = shown.value;
  return (
    <div class={`search-view${current && isReading.value ? " reading" : ""}`}>
      <div class="column">
        <Head view={view} />
        <Results />
      </div>
      {current ? (
        <CodePane place={current.place} hit={current.hit} why={current.hit?.why} onClose={leaveCode} />
      ) : (
        <div class="pane nothing" aria-hidden="true" />
      )}
    </div>
  );
}

function Head({ view }: { view: View }) {
  if (view === "search") return <Question />;
  if (view === "changes") return <ChangesHead />;
  if (view === "unused") return <UnusedHead />;
  return <Origin view={view} />;
}

function Question() {
  return (
    <>
      {query.value.trim() && <h1 class="unseen">Search</h1>}
      <div class="question" role="search">
        <Icon name="search" />
        <input
          id="query"
          type="text"
          inputMode="search"
          enterkeyhint="search"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-label="Search code by meaning, name or words"
          placeholder="A question, words or a name"
          value={query.value}
          onInput={(event) => {
            performance.clearMarks("semlens.key");
            performance.mark("semlens.key", { startTime: event.timeStamp });
            ask(event.currentTarget.value);
          }}
          onKeyDown={onKeyInQuestion}
        />
        {query.value ? (
          <button
            type="button"
            class="ghost clear"
            aria-label="Clear the question"
            onClick={() => (ask(""), focusQuery())}
          >
            <Icon name="close" />
          </button>
        ) : (
          <kbd aria-hidden="true">/</kbd>
        )}
        {isPending.value && <span class="progress-line" />}
      </div>
      <Filters />
    </>
  );
}

function ask(text: string): void {
  isReading.value = false;
  batch(() => navigate(changed({ q: text || null, ...CLOSED, n: null }), { replace: true }));
}

function onKeyInQuestion(event: KeyboardEvent): void {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || (event.key === "Enter" && list.value.hits.length > 0)) {
    event.preventDefault();
    if (event.key === "ArrowDown") move(1);
    focusCurrent();
  }
}

function Origin({ view }: { view: View }) {
  const place = origin.value;
  const [before, after] = relatedOf(view)?.title ?? ["", ""];
  return (
    <div class="origin">
      <button type="button" class="ghost" onClick={goBack}>
        <Icon name="back" /> Back <kbd>Esc</kbd>
      </button>
      <h1>
        {before} <span class="origin-name">{route.value.params.get("name") ?? "this place"}</span> {after}
      </h1>
      <p class="path">{place ? placeText(place) : "No place is named."}</p>
      {place && view !== "similar" && (
        <a class="button" href={hashOf(changed(CLOSED, "graph"))}>
          <Icon name="graph" /> As a drawing
        </a>
      )}
      {isPending.value && <span class="progress-line" />}
    </div>
  );
}

function Results() {
  const { view } = route.value;
  const { hits, answer } = list.value;
  if (failure.value)
    return (
      <p class="notice bad" role="alert">
        {failure.value}
      </p>
    );
  if (view === "search" && !query.value.trim()) return <Welcome />;
  if (!list.value.key || (hits.length === 0 && isPending.value)) return null; // nothing is known yet
  return (
    <>
      <Summary />
      {hits.length > 0 && <HitList label={relatedOf(view)?.label ?? "Results"} />}
      {view === "search" && answer && hits.length >= limit.value && limit.value < 500 && (
        <button
          type="button"
          class="button more"
          onClick={() => navigate(changed({ n: String(limit.value + FIRST_LIMIT * 2) }), { replace: true })}
        >
          Show more
        </button>
      )}
    </>
  );
}

function Summary() {
  const { view } = route.value;
  const { hits, answer, summary, notes } = list.value;
  const certainty = answer && view === "search" ? certaintyOf(answer) : null;
  const isComplete = answer?.complete ?? status.value?.complete ?? true;
  const results =
    hits.length === 1
      ? "1 result"
      : `${hits.length}${hits.length >= limit.value && view === "search" ? "+" : ""} results`;
  const count = summary || results;
  return (
    <div class="summary">
      <p>
        <strong>{hits.length > 0 ? count : isComplete ? nothingFound(view) : NOTHING_YET}</strong>
        {answer && hits.length > 0 && (
          <span class="muted">
            {" "}
            in {answer.elapsedMs < 10 ? answer.elapsedMs.toFixed(1) : Math.round(answer.elapsedMs)} ms
          </span>
        )}
        {answer && !answer.complete && hits.length > 0 && <span class="muted"> · the index is not complete yet</span>}
      </p>
      {certainty && hits.length > 0 && !answer?.nothingFits && (
        <p class="certainty">
          <span class="muted">in the first three:</span> {certainty.label}
          <meter
            min={0}
            max={100}
            value={certainty.percent}
            aria-label="Confidence that one of the first three results is right"
          />
          <span class="percent">{certainty.percent} %</span>
        </p>
      )}
      {answer?.nothingFits && hits.length > 0 && <p class="notice">{NOTHING_FITS}</p>}
      {notes.map((note) => (
        <p class="notice quiet" key={note}>
          {note}
        </p>
      ))}
    </div>
  );
}

const NOTHING_YET = "Nothing was found yet. The index is not complete; results appear as it grows.";

function nothingFound(view: View): string {
  if (view === "changes") return "No symbol is changed, so nothing is affected.";
  if (view === "unused") return "Every definition seems to be used.";
  return relatedOf(view)?.nothing ?? "Nothing was found. Remove a filter, or ask in other words.";
}

const EXAMPLES = [
  "retry a download after an error",
  "kind:class cache",
  "where is the configuration read",
  "test:only timeout",
];

function Welcome() {
  const counts = status.value?.roots.reduce(
    (sum, root) => ({ files: sum.files + root.files, symbols: sum.symbols + root.symbols }),
    { files: 0, symbols: 0 },
  );
  return (
    <div class="welcome">
      <h1>Find code by what it does</h1>
      {counts && (
        <p class="muted">
          {counts.symbols.toLocaleString("en")} symbols in {counts.files.toLocaleString("en")} files. Results appear
          while you type.
        </p>
      )}
      <ul class="examples">
        {EXAMPLES.map((example) => (
          <li key={example}>
            <button type="button" class="example" onClick={() => (ask(example), focusQuery())}>
              {example}
            </button>
          </li>
        ))}
      </ul>
      <p class="muted keys-hint">
        <kbd>/</kbd> search <kbd>↓</kbd> <kbd>↑</kbd> choose <kbd>Enter</kbd> read <kbd>?</kbd> all keys
      </p>
    </div>
  );
}
