/** Where the keyboard is in the search view. */
import { signal } from "@preact/signals";
import { entry } from "../app/route";

/** On a narrow window the code covers the results while it is read. */
export const isReading = signal(entry().isReading ?? false);

/** From the code to the list. */
export function leaveCode(): void {
  if (isReading.value && entry().isReading) history.back();
  else focusCurrent();
}

function focusSoon(selector: string, then?: (element: HTMLElement) => void): void {
  requestAnimationFrame(() => {
    const element = document.querySelector<HTMLElement>(selector);
    element?.focus();
    if (element) then?.(element);
  });
}

export function focusQuery(): void {
  isReading.value = false;
  focusSoon("#query", (field) => {
    if (field instanceof HTMLInputElement) field.setSelectionRange(field.value.length, field.value.length);
  });
}

/** The selected hit. */
export function focusCurrent(): void {
  isReading.value = false;
  focusSoon(".hits [aria-current]");
}

/** The selected hit of an answer that came. Whoever is in a field by then keeps the keyboard. */
export function focusAnswer(): void {
  requestAnimationFrame(() => {
    if (document.activeElement?.matches("input, select, textarea")) return;
    isReading.value = false;
    document.querySelector<HTMLElement>(".hits [aria-current]")?.focus();
  });
}

let isCodeWanted = false;

/** The code may still be on its way. */
export function focusCode(): void {
  isCodeWanted = true;
  requestAnimationFrame(() => focusWantedCode(document.querySelector<HTMLElement>(".code")));
}

/** For code that appears. */
export function focusWantedCode(code: HTMLElement | null): void {
  if (isCodeWanted) code?.focus();
}

/** Whoever does anything after `focusCode` keeps the keyboard where it is. */
export function followFocus(): void {
  const onChange = ({ type, target }: Event) => {
    if (type !== "focusin" || !(target as Element).matches(".code")) isCodeWanted = false;
  };
  for (const type of ["keydown", "pointerdown", "focusin", "popstate"]) addEventListener(type, onChange, true);
  addEventListener("popstate", () => {
    const { isReading: isCode } = entry();
    if (isCode) isReading.value = true;
    else if (isCode === false && isReading.value) focusCurrent();
  });
}
