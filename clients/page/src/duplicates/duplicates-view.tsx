/** Code that is written more than once, with the difference between the copies. */
import { useEffect, useState } from "preact/hooks";
import { call, connection, isAborted, sentenceOf } from "../api/client";
import { generation, hasSeveralRoots } from "../api/session";
import type { DuplicateGroup, DuplicatesAnswer, Hit } from "../api/types";
import { changed, hashOf, navigate, placeText, route } from "../app/route";
import { PathText } from "../code/code-pane";
import { readFile } from "../code/file-store";
import { type Part, type Row, rowsOf } from "./difference";

const LIMIT = 100;

export function DuplicatesView() {
  const { groups, problem } = useGroups();
  const chosen = Number(route.value.params.get("group") ?? 0);
  if (problem)
    return (
      <p class="notice bad" role="alert">
        {problem}
      </p>
    );
  if (!groups) return <p class="notice quiet">Comparing all symbols. The first time takes some seconds ...</p>;
  if (groups.length === 0) return <p class="notice quiet">No code of five lines or more is written twice.</p>;
  const index = groups[chosen] ? chosen : 0; // an address may name any
  const saved = groups.reduce((sum, group) => sum + group.savedLines, 0);
  return (
    <div class="duplicates-view">
      <div class="column">
        <header class="view-head">
          <h1>Duplicates</h1>
          <p class="muted">
            {groups.length}
            {groups.length === LIMIT ? " or more" : ""} groups. One copy of each would save {saved.toLocaleString("en")}{" "}
            lines.
          </p>
        </header>
        <ol class="groups" aria-label="Groups of duplicates">
          {groups.map((group, at) => (
            <li key={groupKey(group)}>
              <a
                class="hit-row"
                href={hashOf(changed({ group: String(at), copy: null }))}
                aria-current={at === index ? "true" : undefined}
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                  event.preventDefault();
                  navigate(changed({ group: String(at), copy: null }), { replace: true });
                }}
              >
                <span class="hit-title">
                  <span class="name">{group.symbols[0]?.name}</span>
                  <span class="reasons">
                    <span class="reason">{group.symbols.length} copies</span>
                    <span class="reason">{Math.round(group.similarity * 100)} % alike</span>
                  </span>
                </span>
                <span class="where">
                  <PathText
                    path={group.symbols[0]?.path ?? ""}
                    root={hasSeveralRoots.value ? (group.symbols[0]?.root ?? "") : ""}
                  />
                  <span class="saved">
                    {" "}
                    saves {group.savedLines} {group.savedLines === 1 ? "line" : "lines"}
                  </span>
                </span>
              </a>
            </li>
          ))}
        </ol>
      </div>
      <Group key={groupKey(groups[index]!)} group={groups[index]!} />
    </div>
  );
}

function groupKey(group: DuplicateGroup): string {
  return group.symbols.map((hit) => `${hit.root}${placeText({ path: hit.path, line: hit.startLine })}`).join("\n");
}

function useGroups(): { groups: DuplicateGroup[] | null; problem: string } {
  const [state, setState] = useState<{ groups: DuplicateGroup[] | null; problem: string }>({
    groups: null,
    problem: "",
  });
  const number = generation.value;
  const isLive = connection.value === "live";
  useEffect(() => {
    if (!isLive) return;
    const abort = new AbortController();
    call<DuplicatesAnswer>("duplicates", { limit: LIMIT }, abort.signal).then(
      ({ groups }) => setState({ groups, problem: "" }),
      (error: unknown) => !isAborted(error) && setState((old) => ({ ...old, problem: sentenceOf(error) })),
    );
    return () => abort.abort();
  }, [number, isLive]);
  return state;
}

function Group({ group }: { group: DuplicateGroup }) {
  const [first, ...others] = group.symbols;
  const chosen = Math.min(Number(route.value.params.get("copy") ?? 0), Math.max(0, others.length - 1));
  const other = others[chosen];
  if (!first || !other) return null;
  return (
    <section class="pane" aria-label="Difference of the copies">
      <header class="pane-head">
        <h2>
          {group.symbols.length} copies, {Math.round(group.similarity * 100)} % alike
        </h2>
        <div class="copies">
          <Copy hit={first} label="Left" />
          {others.length === 1 ? (
            <Copy hit={other} label="Right" />
          ) : (
            <label class="copy">
              <span class="muted">Right</span>
              <select
                value={String(chosen)}
                onChange={(event) => navigate(changed({ copy: event.currentTarget.value }), { replace: true })}
              >
                {others.map((hit, index) => (
                  <option value={String(index)} key={`${hit.root}${hit.path}:${hit.startLine}`}>
                    {placeText({ path: hit.path, line: hit.startLine })}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
      </header>
      <Difference left={first} right={other} />
    </section>
  );
}

function Copy({ hit, label }: { hit: Hit; label: string }) {
  return (
    <p class="copy">
      <span class="muted">{label}</span>{" "}
      <a
        href={hashOf({
          view: "search",
          params: new URLSearchParams({
            open: placeText({ path: hit.path, line: hit.startLine, endLine: hit.endLine }),
            in: hit.root ?? "",
          }),
        })}
      >
        <PathText path={hit.path} root={hasSeveralRoots.value ? (hit.root ?? "") : ""} />:{hit.startLine}
      </a>
    </p>
  );
}

async function linesOfHit(hit: Hit): Promise<string[]> {
  const file = await readFile(hit.root ?? "", hit.path, hit.startLine);
  return file.lines.slice(hit.startLine - file.firstLine, hit.endLine - file.firstLine + 1);
}

function Difference({ left, right }: { left: Hit; right: Hit }) {
  const [state, setState] = useState<{ key: string; rows: Row[]; problem: string }>({ key: "", rows: [], problem: "" });
  const key = [left, right].map((hit) => `${hit.root}\n${hit.path}:${hit.startLine}-${hit.endLine}`).join("\n");
  const number = generation.value;
  useEffect(() => {
    let isCurrent = true;
    Promise.all([linesOfHit(left), linesOfHit(right)]).then(
      ([one, two]) => isCurrent && setState({ key, rows: rowsOf(one, two), problem: "" }),
      (error: unknown) => isCurrent && setState({ key, rows: [], problem: sentenceOf(error) }),
    );
    return () => {
      isCurrent = false;
    };
  }, [key, number]);
  if (state.key !== key) return null;
  if (state.problem)
    return (
      <p class="notice" role="status">
        {state.problem}
      </p>
    );
  const differing = state.rows.filter((row) => !row.isSame).length;
  return (
    <>
      <p class="notice quiet">
        {differing === 0
          ? "Their lines are the same."
          : `${differing} of ${state.rows.length} lines differ; the words that differ are underlined.`}
      </p>
      <div class="difference" role="region" aria-label="Both copies side by side" tabIndex={0}>
        {state.rows.map((row, index) => (
          <div class={`diff-row${row.isSame ? "" : " differs"}`} key={index}>
            <Side side={row.left} first={left.startLine} mark={row.isSame ? "" : "−"} />
            <Side side={row.right} first={right.startLine} mark={row.isSame ? "" : "+"} isRight />
          </div>
        ))}
      </div>
    </>
  );
}

function Side({ side, first, mark, isRight }: { side: Row["left"]; first: number; mark: string; isRight?: boolean }) {
  return (
    <div class={`side${isRight ? " right" : " left"}${side ? "" : " none"}`}>
      <span class="diff-no">{side ? first + side.line : ""}</span>
      <span class="diff-mark">{side ? mark : ""}</span>
      <pre>{side?.parts.map(([differs, text]: Part, index) => (differs ? <mark key={index}>{text}</mark> : text))}</pre>
    </div>
  );
}
