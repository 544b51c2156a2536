/** What one can do with a place: open it in an editor, copy, and ask for similar code or callers. */
import { has, hostFile, session } from "../api/session";
import type { Hit } from "../api/types";
import { copy } from "../app/announce";
import { Icon } from "../app/icons";
import { changed, CLOSED, hashOf, type Place, placeText } from "../app/route";
import { editor } from "../app/theme";
import { FROM_A_PLACE, type RelatedView } from "../search/related";
import { editorCommand, type EditorPlace, editorUrl } from "./editor-links";

export function editorPlace(place: Place, hit: Hit | undefined): EditorPlace {
  return {
    file: hostFile(place.root, place.path),
    line: hit?.nameLine ?? place.line,
    column: hit?.nameColumn ?? 1,
  };
}

/** The route of a list, or of the graph, that starts from a place. */
export function relatedRoute(view: RelatedView | "graph", place: Place, hit: Hit | undefined) {
  const line = hit?.nameLine ?? place.line;
  return changed(
    {
      of: placeText({ path: place.path, line }),
      ofIn: place.root || null,
      name: hit?.name ?? null,
      ...CLOSED,
      rows: null,
    },
    view,
  );
}

interface Editor {
  name: string;
  url?: string;
  command?: string;
}

/** The editor that the user chose, or the first of the server's. */
export function chosenEditor(): Editor | undefined {
  const editors = session.value?.editors ?? [];
  return editors.find(({ name }) => name === editor.value) ?? editors[0];
}

export function openInEditor(place: EditorPlace): void {
  const { url, command, name } = chosenEditor() ?? {};
  if (url) location.href = editorUrl(url, place);
  else if (command) void copy(editorCommand(command, place), `the command for ${name}`);
}

/** Copies the command of the chosen editor, or of the first that has one. */
export function copyCommand(place: EditorPlace): void {
  const one = [chosenEditor(), ...(session.value?.editors ?? [])].find((candidate) => candidate?.command);
  if (one?.command) void copy(editorCommand(one.command, place), `the command for ${one.name}`);
}

export function CodeActions({ place, hit }: { place: Place; hit: Hit | undefined }) {
  const target = editorPlace(place, hit);
  const editors = session.value?.editors ?? [];
  const chosen = chosenEditor();
  const withCommand = [chosen, ...editors].find((one) => one?.command);
  return (
    <div class="actions" role="group" aria-label="Actions">
      {chosen && (
        <span class="split">
          {chosen.url && (
            <a class="button" href={editorUrl(chosen.url, target)}>
              <Icon name="open" /> Open in {chosen.name}
            </a>
          )}
          <select
            class="button"
            aria-label="Editor"
            title="Another editor"
            value={chosen.name}
            onChange={(event) => (editor.value = event.currentTarget.value)}
          >
            {editors.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </span>
      )}
      {withCommand && (
        <button type="button" class="button" onClick={() => copyCommand(target)}>
          <Icon name="copy" /> {withCommand.name} command
        </button>
      )}
      <button type="button" class="button" onClick={() => void copy(`${target.file}:${target.line}`, "the place")}>
        <Icon name="copy" /> Place
      </button>
      {FROM_A_PLACE.filter(({ needs }) => has(needs)).map(({ view, label, key }) => (
        <a key={view} class="button" href={hashOf(relatedRoute(view, place, hit))}>
          <Icon name={view} /> {label} <kbd>{key}</kbd>
        </a>
      ))}
    </div>
  );
}
