/** Filters as chips: those that are set can be removed, and menus add others. */
import { hasSeveralRoots, rootName, roots } from "../api/session";
import { Icon } from "../app/icons";
import { changed, CLOSED, navigate } from "../app/route";
import { folderLanguages, wantFolders } from "../folders/folder-store";
import { focusQuery } from "./focus";
import { settledHits } from "./hits";
import { type Filter, filter, filtered, query } from "./query";

const KINDS = [
  "function",
  "method",
  "class",
  "interface",
  "struct",
  "enum",
  "constant",
  "variable",
  "property",
  "module",
  "namespace",
];
const TESTS = { exclude: "without tests", only: "tests only" };
const CONTENT = { docs: "documentation", config: "configuration", all: "all files" };

type ListName = "languages" | "kinds" | "paths" | "roots";

function apply(changes: Partial<Record<keyof Filter, string | string[] | null>>): void {
  navigate(filtered(changes), { replace: true });
}

export function Filters() {
  const chosen = filter.value;
  const hits = settledHits.value;
  const counted = (of: (hit: (typeof hits)[number]) => string) => {
    const counts = new Map<string, number>();
    for (const hit of hits) counts.set(of(hit), (counts.get(of(hit)) ?? 0) + 1);
    return [...counts].sort((one, other) => other[1] - one[1]);
  };
  const languages = merged(
    counted((hit) => hit.language),
    folderLanguages.value,
  );
  const kinds = merged(
    counted((hit) => hit.kind),
    KINDS,
  );
  const folders = counted((hit) => topFolder(hit.path))
    .filter(([folder]) => folder)
    .map(([folder, count]) => [`${folder}/**`, count] as const);
  return (
    <div class="filters" role="group" aria-label="Filters" onPointerEnter={wantFolders} onFocusCapture={wantFolders}>
      <Chips name="languages" label="language" />
      <Chips name="kinds" label="kind" />
      <Chips name="paths" label="path" />
      <Chips name="roots" label="folder" show={rootName} />
      {chosen.tests && (
        <Chip text={TESTS[chosen.tests as keyof typeof TESTS] ?? chosen.tests} remove={() => apply({ tests: null })} />
      )}
      {chosen.content && (
        <Chip
          text={CONTENT[chosen.content as keyof typeof CONTENT] ?? chosen.content}
          remove={() => apply({ content: null })}
        />
      )}
      <Menu label="Language" options={languages} pick={(value) => add("languages", value)} />
      <Menu label="Kind" options={kinds} pick={(value) => add("kinds", value)} />
      <Menu label="Path" options={folders} pick={(value) => add("paths", value)} other="Type a pattern ..." />
      <Menu
        label="Tests"
        options={Object.entries(TESTS).map(([value, text]) => [value, 0, text] as const)}
        pick={(value) => apply({ tests: value })}
      />
      <Menu
        label="Files"
        options={Object.entries(CONTENT).map(([value, text]) => [value, 0, text] as const)}
        pick={(value) => apply({ content: value })}
      />
      {hasSeveralRoots.value && (
        <Menu
          label="Folder"
          options={roots.value.map((root) => [root.path, 0, root.name] as const)}
          pick={(value) => add("roots", value)}
        />
      )}
    </div>
  );
}

function add(name: ListName, value: string): void {
  const values = filter.value[name];
  if (!values.includes(value)) apply({ [name]: [...values, value] });
}

function topFolder(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

function merged(counted: [string, number][], others: string[]): [string, number][] {
  const known = new Set(counted.map(([value]) => value));
  return [...counted, ...others.filter((value) => !known.has(value)).map((value): [string, number] => [value, 0])];
}

function Chips({
  name,
  label,
  show = (value) => value,
}: {
  name: ListName;
  label: string;
  show?: (value: string) => string;
}) {
  const values = filter.value[name];
  return (
    <>
      {values.map((value) => (
        <Chip
          key={value}
          label={label}
          text={show(value)}
          remove={() => apply({ [name]: values.filter((other) => other !== value) })}
        />
      ))}
    </>
  );
}

function Chip({ label, text, remove }: { label?: string; text: string; remove: () => void }) {
  return (
    <button type="button" class="chip is-set" onClick={remove} aria-label={`Remove filter ${label ?? ""} ${text}`}>
      {label && <span class="muted">{label}</span>} {text} <Icon name="close" />
    </button>
  );
}

type Option = readonly [value: string, count: number, text?: string];

function Menu({
  label,
  options,
  pick,
  other,
}: {
  label: string;
  options: readonly Option[];
  pick: (value: string) => void;
  other?: string;
}) {
  return (
    <span class="chip add">
      <Icon name="plus" />
      <select
        aria-label={`Add filter: ${label.toLowerCase()}`}
        value=""
        onChange={(event) => {
          const { value } = event.currentTarget;
          event.currentTarget.value = "";
          if (value === "*") typePattern();
          else if (value) pick(value);
        }}
      >
        <option value="">{label}</option>
        {options.map(([value, count, text]) => (
          <option key={value} value={value}>
            {text ?? value}
            {count > 0 && ` (${count})`}
          </option>
        ))}
        {other && <option value="*">{other}</option>}
      </select>
    </span>
  );
}

/** Patterns are typed in the question, whose language has them. */
function typePattern(): void {
  navigate(changed({ q: `${query.value.trimEnd()} path:`.trimStart(), ...CLOSED }), { replace: true });
  focusQuery();
}
