import { effect } from "@preact/signals";
import { afterEach, expect, it, vi } from "vitest";
import { announce, announcement } from "../../src/app/announce";

afterEach(() => vi.useRealTimers());

it("speaks a sentence again, and only the last of several at once", () => {
  vi.useFakeTimers();
  const texts: string[] = [];
  const stop = effect(() => void texts.push(announcement.value));
  for (const sentences of [["1 result", "20 results"], ["20 results"]]) {
    sentences.forEach(announce);
    vi.runAllTimers();
  }
  stop();
  expect(texts).toEqual(["", "20 results", "", "20 results"]);
});
