/** What the ranking knows of a hit, asked when the user wants to see it: it makes answers longer. */
import { useState } from "preact/hooks";
import { call, sentenceOf } from "../api/client";
import type { Hit, SearchAnswer } from "../api/types";
import { keyOf } from "../search/hits";
import { searchKey } from "../search/query";

export function Signals({ hit }: { hit: Hit }) {
  const [features, setFeatures] = useState<[string, number][] | null>(null);
  const [problem, setProblem] = useState("");
  const ask = () => {
    const params = { ...(JSON.parse(searchKey.value) as object), explain: true };
    call<SearchAnswer>("search", params).then(
      ({ hits }) => {
        const found = hits.find((one) => keyOf(one) === keyOf(hit))?.features ?? {};
        setFeatures(Object.entries(found).filter(([, value]) => value !== 0));
      },
      (error: unknown) => setProblem(sentenceOf(error)),
    );
  };
  return (
    <details onToggle={(event) => event.currentTarget.open && !features && ask()}>
      <summary>Signals</summary>
      {problem && <p>{problem}</p>}
      {features && (
        <table class="features">
          <caption class="unseen">What the ranking knows of this hit</caption>
          <tbody>
            {features.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value.toFixed(3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
