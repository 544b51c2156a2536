/** How many symbols each folder has, asked when a view needs it and again when the index has changed. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { call, connection, isAborted, sentenceOf } from "../api/client";
import { generation, has, session } from "../api/session";
import type { FolderCounts, FoldersAnswer } from "../api/types";

export const folders = signal<FolderCounts[] | null>(null);
export const foldersProblem = signal("");

/** Whether anything shows them. The answer is large for large code, so the first load does without. */
const isWanted = signal(false);

export function wantFolders(): void {
  isWanted.value = true;
}

/** Languages of the index, the most used first. */
export const folderLanguages = computed(() => {
  const counts = new Map<string, number>();
  for (const folder of folders.value ?? []) {
    for (const [language, count] of Object.entries(folder.languages))
      counts.set(language, (counts.get(language) ?? 0) + count);
  }
  return [...counts].sort((one, other) => other[1] - one[1]).map(([language]) => language);
});

const QUIET_MS = 1000;

let timer: ReturnType<typeof setTimeout> | undefined;

export function followFolders(): void {
  effect(() => {
    generation.value;
    if (!isWanted.value || !session.value || connection.value !== "live" || !has("folders")) return;
    clearTimeout(timer);
    timer = setTimeout(() => untracked(() => void ask()), folders.peek() ? QUIET_MS : 0);
  });
}

async function ask(): Promise<void> {
  try {
    folders.value = (await call<FoldersAnswer>("folders", {})).folders;
    foldersProblem.value = "";
  } catch (error) {
    if (!isAborted(error)) foldersProblem.value = sentenceOf(error);
  }
}
