/** The files that are not searchable: counts by reason from the status; files and fixes when the user asks for a reason. */
import { useState } from "preact/hooks";
import { call, sentenceOf } from "../api/client";
import { hasSeveralRoots, rootName } from "../api/session";
import type { SkippedAnswer, Status } from "../api/types";
import { number } from "./words";

export function Skipped({ now }: { now: Status }) {
  const counts = new Map<string, number>();
  for (const root of now.roots) {
    for (const [reason, count] of Object.entries(root.skipped)) counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  const sorted = [...counts].sort((one, other) => other[1] - one[1]);
  return (
    <section>
      <h2>Left out</h2>
      {sorted.length === 0 && <p class="muted">No file is left out.</p>}
      {sorted.map(([reason, count]) => (
        <Reason key={reason} reason={reason} count={count} />
      ))}
    </section>
  );
}

function Reason({ reason, count }: { reason: string; count: number }) {
  const [answer, setAnswer] = useState<SkippedAnswer | null>(null);
  const [problem, setProblem] = useState("");
  const ask = () => {
    call<SkippedAnswer>("skipped", { reason }).then(setAnswer, (error: unknown) => setProblem(sentenceOf(error)));
  };
  const fix = answer?.reasons.find((one) => one.reason === reason)?.fix;
  return (
    <details class="skipped" onToggle={(event) => event.currentTarget.open && !answer && ask()}>
      <summary>
        <span class="reason-name">{reason}</span> <span class="muted">{number(count)}</span>
      </summary>
      {problem && <p class="notice bad">{problem}</p>}
      {!answer && !problem && <p class="muted">Looking at the folders ...</p>}
      {fix && <p>{fix}</p>}
      {answer && (
        <ul class="paths">
          {answer.files.map(({ root, path }) => (
            <li key={`${root}/${path}`}>
              {hasSeveralRoots.value && <span class="root-name">{rootName(root)}</span>}
              {path}
            </li>
          ))}
        </ul>
      )}
      {answer?.truncated && <p class="muted">There are more.</p>}
    </details>
  );
}
