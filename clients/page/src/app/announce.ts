/** Sentences that a screen reader speaks, without a place on the page. */
import { signal } from "@preact/signals";
import { asSent } from "../api/json";

export const announcement = signal("");

let timer: ReturnType<typeof setTimeout> | undefined;

/** Only the last of several sentences in a short time is spoken. */
export function announce(sentence: string): void {
  clearTimeout(timer);
  announcement.value = ""; // the same sentence again is then a change, which is spoken
  timer = setTimeout(() => (announcement.value = sentence), 400);
}

/** A short message that is seen as well. */
export const toast = signal("");
let toastTimer: ReturnType<typeof setTimeout> | undefined;

export function showToast(sentence: string): void {
  toast.value = sentence;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (toast.value = ""), 4000);
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(asSent(text));
    showToast(`Copied ${what}: ${text}`);
  } catch {
    showToast(`The browser does not allow copying. ${what}: ${text}`);
  }
}
