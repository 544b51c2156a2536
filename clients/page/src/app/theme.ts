/** What the user prefers: colours, single keys as commands (WCAG 2.1.4), an editor. Kept in this browser only. */
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage may be off
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // the choice then holds for this visit only
  }
}

const THEMES: Theme[] = ["system", "light", "dark"];

export const theme = signal<Theme>(THEMES.find((one) => one === stored("semlens.theme")) ?? "system");
export const singleKeys = signal(stored("semlens.singleKeys") !== "off");

/** Name of the editor that links lead to; the first that the server names, unless the user chose. */
export const editor = signal(stored("semlens.editor") ?? "");

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
}

export function followPreferences(): void {
  effect(() => {
    store("semlens.theme", theme.value);
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
  effect(() => store("semlens.editor", editor.value));
  effect(() => store("semlens.singleKeys", singleKeys.value ? "on" : "off"));
}
