/**
 * JSON of the server, which is ASCII. Some characters in it become others that one can see and put into an address.
 *
 * A file name that is no UTF-8 comes with halves of surrogate pairs, which no URL takes. Characters that turn the direction of
 * the text around them make a name or code read as another one ("Trojan Source"). In the page each stands as the character of
 * the last, private plane with the same low bits, and it goes back as it came.
 */
const UNSAFE = /[\ud800-\udfff\u202a-\u202e\u2066-\u2069]/gu; // of surrogates, only lone ones match
const ESCAPED = /\\u(?:d[89a-f]|20[26])/i;
const STAND_INS = /[\u{10d800}-\u{10dfff}\u{10202a}-\u{10202e}\u{102066}-\u{102069}]/gu;
const PLANE = 0x100000;

const standIn = (character: string): string => String.fromCodePoint(PLANE + character.charCodeAt(0));
const original = (character: string): string => String.fromCharCode(character.codePointAt(0)! - PLANE);

export function parseJson(text: string): unknown {
  if (!ESCAPED.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? value.replace(UNSAFE, standIn) : value));
}

export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(STAND_INS, (one) => JSON.stringify(original(one)).slice(1, -1));
}

/** A text of the page with the characters that the server sent: for editors and the clipboard. */
export function asSent(text: string): string {
  return text.replace(STAND_INS, original);
}
