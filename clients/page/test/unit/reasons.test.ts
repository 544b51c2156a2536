import { expect, it } from "vitest";
import type { Hit, SearchAnswer } from "../../src/api/types";
import { certaintyOf, whyHere } from "../../src/search/reasons";

it.each([
  [[], "Here because nothing else fits better."],
  [["meaning"], "Here because its meaning is close to the question."],
  [["name", "words", "path"], "Here because its name matches, it has words of the question and its path matches."],
  [["something new"], "Here because something new."],
])("why: %j", (reasons, sentence) => expect(whyHere({ reasons } as unknown as Hit)).toBe(sentence));

it.each([
  [undefined, null],
  [0.83, { label: "very likely", percent: 83 }],
  [0.6, { label: "likely", percent: 60 }],
  [0.4, { label: "possible", percent: 40 }],
  [0.02, { label: "unlikely", percent: 2 }],
])("confidence %s", (confidence, expected) => expect(certaintyOf({ confidence } as SearchAnswer)).toEqual(expected));
