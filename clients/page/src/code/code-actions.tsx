/** What one can do with a place: open it in an editor, copy, and ask for similar code or callers. */
import { has, hostFile, session } from "../api/session";
import type { Hit } from "../api/types";
import { copy } from "../app/announce";
import { Icon } from "../app/icons";
import { changed, hashOf, type Place, placeText } from "../app/route";
import { editorCommand, type EditorPlace, editorUrl } from "./editor-links";

export function editorPlace(place: Place, hit: Hit | undefined): EditorPlace {
  return {
    file: hostFile(place.root, place.path),
    line: hit?.nameLine ?? place.line,
    column: hit?.nameColumn ?? 1,
  };
}

/** The route of similar code (`similar`) or of callers. */
export function relatedRoute(view: "similar" | "callers", place: Place, hit: Hit | undefined) {
  const line = hit?.nameLine ?? place.line;
  return changed({ of: placeText({ path: place.path, line }), ofIn: place.root || null, name: hit?.name ?? null, open: null, in: null }, view);
}

export function firstUrl(place: EditorPlace): string | undefined {
  const template = session.value?.editors.find((editor) => editor.url)?.url;
  return template && editorUrl(template, place);
}

export function firstCommand(place: EditorPlace): string | undefined {
  const template = session.value?.editors.find((editor) => editor.command)?.command;
  return template && editorCommand(template, place);
}

export function CodeActions({ place, hit }: { place: Place; hit: Hit | undefined }) {
  const target = editorPlace(place, hit);
  return (
    <div class="actions" role="group" aria-label="Actions">
      {(session.value?.editors ?? []).map(({ name, url, command }) =>
        url ? (
          <a key={name} class="button" href={editorUrl(url, target)}>
            <Icon name="open" /> Open in {name}
          </a>
        ) : (
          command && (
            <button
              key={name}
              type="button"
              class="button"
              onClick={() => void copy(editorCommand(command, target), `the command for ${name}`)}
            >
              <Icon name="copy" /> {name} command
            </button>
          )
        ),
      )}
      <button type="button" class="button" onClick={() => void copy(`${target.file}:${target.line}`, "the place")}>
        <Icon name="copy" /> Place
      </button>
      {has("similar") && (
        <a class="button" href={hashOf(relatedRoute("similar", place, hit))}>
          <Icon name="similar" /> Similar <kbd>s</kbd>
        </a>
      )}
      {has("callers") && (
        <a class="button" href={hashOf(relatedRoute("callers", place, hit))}>
          <Icon name="callers" /> Callers <kbd>c</kbd>
        </a>
      )}
    </div>
  );
}
