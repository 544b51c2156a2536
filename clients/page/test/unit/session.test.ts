import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { connection as Connection } from "../../src/api/client";

class Page extends EventTarget {
  hidden = false;
  show(isShown: boolean): void {
    this.hidden = !isShown;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

class Source extends EventTarget {
  static all: Source[] = [];
  isOpen = true;
  constructor() {
    super();
    Source.all.push(this);
  }
  close(): void {
    this.isOpen = false;
  }
}

/** On a busy machine too. */
const until = (state: () => boolean) => vi.waitUntil(state, { timeout: 30_000 });

const nOpen = (): number => Source.all.filter(({ isOpen }) => isOpen).length;

let page: Page;
let isServerThere: boolean;
let nAsked: number;
let connection: typeof Connection;
let follow: () => void;
let session: typeof import("../../src/api/session");

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  page = new Page();
  Source.all = [];
  [isServerThere, nAsked] = [true, 0];
  vi.stubGlobal("document", page);
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("fetch", async () => {
    nAsked++;
    if (!isServerThere) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify({ generation: 1, roots: [], methods: [] }));
  });
  ({ connection } = await import("../../src/api/client"));
  session = await import("../../src/api/session");
  ({ follow } = session);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("keeps a connection for events only while the page is in sight", async () => {
  follow();
  await until(() => nOpen() === 1);
  page.show(false);
  expect([nOpen(), connection.value]).toEqual([0, "live"]);
  page.show(true);
  await until(() => nOpen() === 1);
});

it("asks for the status and for no events in a tab that was opened behind another", async () => {
  page.hidden = true;
  follow();
  await until(() => connection.value === "live");
  expect([nOpen(), nAsked]).toEqual([0, 2]);
  page.show(true);
  await until(() => nOpen() === 1);
});

it.each([
  ["the events end", () => Source.all.at(-1)!.dispatchEvent(new Event("error"))],
  ["a request fails", () => (connection.value = "lost")],
])("looks for the server until it is back when %s", async (_, lose) => {
  follow();
  await until(() => nOpen() === 1);
  isServerThere = false;
  lose();
  expect(connection.value).toBe("lost");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(connection.value).toBe("lost");
  isServerThere = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect([connection.value, nOpen()]).toEqual(["live", 1]);
});

it("leaves a server that is away alone while nobody looks", async () => {
  follow();
  await until(() => nOpen() === 1);
  isServerThere = false;
  page.show(false);
  connection.value = "lost";
  const before = nAsked;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(nAsked).toBe(before);
  isServerThere = true;
  page.show(true);
  await until(() => nOpen() === 1);
  expect(connection.value).toBe("live");
});

it("compares again when a commit was made, and when one may have been made unseen", async () => {
  follow();
  await until(() => nOpen() === 1);
  const first = session.repository.value;
  Source.all.at(-1)!.dispatchEvent(new Event("repository"));
  expect(session.repository.value).toBe(first + 1);
  page.show(false);
  page.show(true);
  await until(() => nOpen() === 1);
  expect(session.repository.value).toBe(first + 2);
});

it("says that the index grows when that takes longer than a saved file", async () => {
  follow();
  await until(() => nOpen() === 1);
  let number = 0;
  const tell = (complete: boolean) => {
    const data = JSON.stringify({ number: ++number, complete, roots: [] });
    Source.all.at(-1)!.dispatchEvent(new MessageEvent("status", { data }));
  };
  tell(false);
  await vi.advanceTimersByTimeAsync(500);
  tell(true);
  await vi.advanceTimersByTimeAsync(5000);
  expect(session.isGrowing.value).toBe(false);
  for (let told = 0; told < 10; told++) {
    tell(false);
    await vi.advanceTimersByTimeAsync(200);
  }
  expect(session.isGrowing.value).toBe(true);
  tell(true);
  expect(session.isGrowing.value).toBe(false);
});
