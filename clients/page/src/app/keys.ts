/** Keys of the whole page. Single letters are commands outside of text fields, unless the user turned them off. */
import { signal } from "@preact/signals";
import { has } from "../api/session";
import { graphCurrent } from "../graph/current";
import { copyCommand, editorPlace, openInEditor, relatedRoute } from "../code/code-actions";
import { focusCode, focusCurrent, focusQuery, leaveCode } from "../search/focus";
import { move, read } from "../search/hit-list";
import { shown } from "../search/hits";
import { FROM_A_PLACE, isListView, relatedOf } from "../search/related";
import { changed, CLOSED, goBack, navigate, route } from "./route";
import { tabs } from "./tabs";
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
  { key: "g", does: "The call graph around it", needs: "callers" },
  { key: "e", does: "Open in the editor" },
  { key: "y", does: "Copy the command for the editor" },
  { key: "?", does: "This list" },
];

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };

const isList = (): boolean => isListView(route.value.view);

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
    else if (isTyping || (isList() && onListKey(event, target))) return;
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
    if (shown.value?.hit) read(shown.value.hit);
    focusCode();
    return true;
  }
  return false;
}

function escape(target: HTMLElement): void {
  if (target.closest(".pane")) {
    leaveCode();
  } else if (relatedOf(route.value.view)) {
    goBack();
  } else if (target.matches("#query")) {
    navigate(changed({ q: null, ...CLOSED, n: null }), { replace: true });
  } else if (isList()) {
    focusQuery();
  }
}

function onSingleKey(event: KeyboardEvent): void {
  const current = isList() ? shown.value : graphCurrent.value;
  const act: Record<string, (() => void) | undefined> = {
    "/": () => {
      if (route.value.view !== "search") navigate(changed({ of: null, ofIn: null, ...CLOSED }, "search"));
      focusQuery();
    },
    "?": () => (isHelpOpen.value = true),
    e: current ? () => openInEditor(editorPlace(current.place, current.hit)) : undefined,
    y: current ? () => copyCommand(editorPlace(current.place, current.hit)) : undefined,
  };
  const related = current && FROM_A_PLACE.find(({ key, needs }) => key === event.key && has(needs));
  const toView = /^[1-9]$/.test(event.key) ? tabs()[Number(event.key) - 1]?.view : undefined;
  const run =
    act[event.key] ??
    (related && (() => navigate(relatedRoute(related.view, current.place, current.hit)))) ??
    (toView && (() => navigate({ view: toView, params: new URLSearchParams() })));
  if (!run) return;
  event.preventDefault();
  run();
}
