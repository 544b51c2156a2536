/** Keys of the whole page. Single letters are commands outside of text fields, unless the user turned them off. */
import { signal } from "@preact/signals";
import { has } from "../api/session";
import { copyCommand, editorPlace, openInEditor, relatedRoute } from "../code/code-actions";
import { focusCode, focusCurrent, focusQuery } from "../search/focus";
import { move } from "../search/hit-list";
import { shown } from "../search/hits";
import { RELATED, relatedOf } from "../search/related";
import { changed, goBack, navigate, route, type View } from "./route";
import { singleKeys } from "./theme";

export const isHelpOpen = signal(false);

export interface Key {
  key: string;
  does: string;
  /** A method without which the key does nothing. */
  needs?: string;
}

export const KEYS: Key[] = [
  { key: "/", does: "Go to the question" },
  { key: "↓ ↑", does: "Next and previous result (also j and k)" },
  { key: "Enter", does: "Read the code of the result" },
  { key: "Esc", does: "Back: from the code to the results, then to the question" },
  { key: "s", does: "Similar code" },
  { key: "c", does: "Who uses it", needs: "callers" },
  { key: "d", does: "What it uses", needs: "callees" },
  { key: "e", does: "Open in the editor" },
  { key: "y", does: "Copy the command for the editor" },
  { key: "1 to 5", does: "Search, Folders, Duplicates, Map, Index" },
  { key: "?", does: "This list" },
];

const VIEW_KEYS: Record<string, View> = { "1": "search", "2": "folders", "3": "duplicates", "4": "map", "5": "index" };
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };

const isListView = (): boolean => route.value.view === "search" || relatedOf(route.value.view) !== undefined;

export function followKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    // letters choose an option of a menu
    const isTyping = target.matches("select")
      ? /^[a-z0-9]$|^Arrow|^Enter$/i.test(event.key)
      : target.matches("input, textarea");
    if (event.key === "Escape") escape(target);
    else if (isTyping || (isListView() && onListKey(event, target))) return;
    else if (singleKeys.value) onSingleKey(event);
  });
}

function onListKey(event: KeyboardEvent, target: HTMLElement): boolean {
  const step = STEPS[event.key];
  const inCode = target.closest(".code") !== null;
  const isLetter = event.key.length === 1;
  if (step && !inCode && (!isLetter || singleKeys.value)) {
    event.preventDefault();
    if (move(step)) focusCurrent();
    else if (step < 0) focusQuery();
    return true;
  }
  if (event.key === "Enter" && target.matches("[data-hit]")) {
    event.preventDefault();
    focusCode();
    return true;
  }
  return false;
}

function escape(target: HTMLElement): void {
  if (target.closest(".pane")) {
    focusCurrent();
  } else if (relatedOf(route.value.view)) {
    goBack();
  } else if (target.matches("#query")) {
    navigate(changed({ q: null, open: null, in: null, n: null }), { replace: true });
  } else if (isListView()) {
    focusQuery();
  }
}

function onSingleKey(event: KeyboardEvent): void {
  const current = isListView() ? shown.value : null;
  const act: Record<string, (() => void) | undefined> = {
    "/": () => {
      if (route.value.view !== "search") navigate(changed({ of: null, ofIn: null, open: null, in: null }, "search"));
      focusQuery();
    },
    "?": () => (isHelpOpen.value = true),
    e: current ? () => openInEditor(editorPlace(current.place, current.hit)) : undefined,
    y: current ? () => copyCommand(editorPlace(current.place, current.hit)) : undefined,
  };
  const related = current && RELATED.find(({ key, view }) => key === event.key && has(view));
  const toView = VIEW_KEYS[event.key];
  const run =
    act[event.key] ??
    (related && (() => navigate(relatedRoute(related.view, current.place, current.hit)))) ??
    (toView && (() => navigate({ view: toView, params: new URLSearchParams() })));
  if (!run) return;
  event.preventDefault();
  run();
}
