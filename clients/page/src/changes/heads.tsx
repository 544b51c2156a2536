/** What stands above the lists of changes and of unused definitions: what they are, and what is compared. */
import { useState } from "preact/hooks";
import { hasSeveralRoots, roots } from "../api/session";
import { copy } from "../app/announce";
import { changed, CLOSED, navigate, route } from "../app/route";
import { Icon } from "../app/icons";
import { shellQuoted } from "../code/editor-links";
import { isPending, list } from "../search/hits";

const CHOICES = [
  { label: "Not committed", ref: null, staged: null },
  { label: "Staged", ref: null, staged: "1" },
  { label: "Last commit", ref: "HEAD~1..HEAD", staged: null },
] as const;

export function ChangesHead() {
  const { params } = route.value;
  const [ref, staged] = [params.get("ref"), params.get("staged")];
  const isOwn = ref !== null && !CHOICES.some((one) => one.ref === ref);
  const compare = (changes: { ref: string | null; staged: string | null }) =>
    navigate(changed({ ...changes, ...CLOSED }), { replace: true });
  return (
    <header class="list-head">
      <h1>Changes</h1>
      <p class="muted">What a change reaches: the code that may be affected, and the tests that use it.</p>
      <div class="compare" role="group" aria-label="What is compared">
        {CHOICES.map((one) => (
          <button
            key={one.label}
            type="button"
            class="chip"
            aria-pressed={one.ref === ref && one.staged === staged}
            onClick={() => compare(one)}
          >
            {one.label}
          </button>
        ))}
        <OwnRef
          key={isOwn ? ref : ""}
          value={isOwn ? ref : ""}
          onChoose={(text) => compare({ ref: text, staged: null })}
        />
        <RootChoice />
      </div>
      <TestFiles />
      {isPending.value && <span class="progress-line" />}
    </header>
  );
}

function OwnRef({ value, onChoose }: { value: string; onChoose: (text: string) => void }) {
  const [text, setText] = useState(value);
  return (
    <form
      class={`own-ref${value ? " is-set" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        // of the form, because Enter may come before the text is drawn
        const typed = String(new FormData(event.currentTarget).get("ref")).trim();
        if (typed) onChoose(typed);
      }}
    >
      <input
        type="text"
        id="ref"
        name="ref"
        autocomplete="off"
        spellcheck={false}
        aria-label="Since a branch or a commit, or a range of commits"
        placeholder="main, or main..feature"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Compare
      </button>
    </form>
  );
}

function RootChoice() {
  if (!hasSeveralRoots.value) return null;
  return (
    <select
      class="button"
      aria-label="Folder"
      value={route.value.params.get("root") ?? roots.value[0]?.path}
      onChange={(event) => navigate(changed({ root: event.currentTarget.value, ...CLOSED }), { replace: true })}
    >
      {roots.value.map(({ path, name }) => (
        <option key={path} value={path}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** The files of the tests, to be given to their runner. */
function TestFiles() {
  const { hits, sections } = list.value;
  const at = sections.findIndex(({ title }) => title.startsWith("Tests"));
  if (at < 0) return null;
  const paths = [...new Set(hits.slice(sections[at]!.at, sections[at + 1]?.at).map(({ path }) => path))];
  return (
    <button
      type="button"
      class="button copy-tests"
      onClick={() =>
        void copy(paths.map(shellQuoted).join(" "), paths.length === 1 ? "the test file" : "the test files")
      }
    >
      <Icon name="copy" /> {paths.length === 1 ? "The test file" : `The ${paths.length} test files`}
    </button>
  );
}

export function UnusedHead() {
  return (
    <header class="list-head">
      <h1>Unused</h1>
      <p class="muted">
        Definitions that nothing seems to use: their name stands nowhere else. Names that are put together at run time
        are not seen, so look before you delete.
      </p>
      {isPending.value && <span class="progress-line" />}
    </header>
  );
}
