// The page in a real Chromium against the real `semlens http`. The tests share one server and run in this order.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { launch, violations } from "./browser.mjs";
import { mapAnswers } from "./map-answers.mjs";
import { DEADLINE_MS, scratchFolder, Server, until } from "./server.mjs";
import { EVIL_NAME, git, makeWorkspace, ODD_NAMES, write } from "./workspace.mjs";

let server, workspace, seen, context, page, complaints;

before(async () => {
  const scratch = scratchFolder();
  workspace = makeWorkspace(scratch);
  server = new Server(scratch);
  // a better model changes the order of hits between two looks
  server.environment.SEMLENS_USER_SETTINGS = JSON.stringify({ models: { refine: "none" } });
  await server.start("-w", workspace.code, "-w", workspace.other, "--port", "0");
  seen = await launch();
  ({ context, complaints } = seen);
  page = await context.newPage();
});

after(async () => {
  await seen?.browser.close();
  await server?.stop();
});

/** A page of one test. What it still asks for at the end is answered by nobody. */
async function ownPage(t) {
  const own = await context.newPage();
  t.after(async () => {
    await own.unrouteAll({ behavior: "ignoreErrors" });
    await own.close();
  });
  return own;
}

async function open(hash, on = page) {
  await on.goto("about:blank");
  await on.goto(`${server.origin}/${hash}`);
}

const rows = () => page.locator(".hits .hit-row");
const row = (name) => page.locator(".hit-row", { has: page.locator(`.name:text-is(${JSON.stringify(name)})`) });
const current = () => page.locator(".hit-row[aria-current] .name");

async function ask(text) {
  await page.locator("#query").fill(text);
}

async function focusIs(selector, on = page) {
  await on.waitForFunction((one) => document.activeElement?.matches(one), selector);
}

/** Time for what the page does when it has drawn. */
async function frames(on, count) {
  for (let frame = 0; frame < count; frame++) await on.evaluate(() => new Promise(requestAnimationFrame));
}

/** Places whose end, with the number of the line, is out of sight, and the view that the navigation does not show. */
async function cutParts() {
  return page.evaluate(() => {
    const isCut = (part) => part.scrollWidth > part.clientWidth;
    const cut = [...document.querySelectorAll(".where, .box-where, .pane-title h2")].filter(isCut);
    const tab = document.querySelector("nav [aria-current]").getBoundingClientRect();
    return [...cut.map((part) => part.textContent), ...(tab.left < 0 || tab.right > innerWidth ? ["the view"] : [])];
  });
}

/** Chromium without a window takes every tab for one in sight. */
async function setHidden(on, isHidden) {
  await on.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

test("the link signs in once, and its token leaves the address", async () => {
  await page.goto(server.link);
  await page.locator("#query").waitFor();
  assert.ok(!page.url().includes("token"), page.url());
  const other = await seen.browser.newContext();
  const refused = await other.newPage();
  const response = await refused.goto(server.link);
  assert.equal(response.status(), 401);
  assert.match(await refused.locator("body").innerText(), /semlens http/);
  await other.close();
});

test("a hit of the team says so, with its repository, and shows the copy", async () => {
  const copy = `${server.environment.SEMLENS_CACHE_DIR}/team/example.org/app`;
  write(copy, "lib/borrow.py", "def borrow_book():\n    return 1\n");
  await page.route("**/api/search", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const [hit = {}] = answer.hits; // none while the index begins; the page asks again
    Object.assign(hit, { team: "example.org/app", root: copy, path: "lib/borrow.py", startLine: 1, endLine: 2 });
    await route.fulfill({ response, json: answer });
  });
  await open("#/search?q=retry");
  const first = rows().first();
  await first.locator(".tag", { hasText: "team" }).waitFor();
  const where = await first.locator(".where").innerText();
  assert.equal(where.replaceAll("\n", ""), "example.org/app/lib/borrow.py:1");
  await page.getByText("borrow_book").first().waitFor();
  await page.unrouteAll({ behavior: "wait" }); // the page may be asking again
});

test("the index is ready and says what it has", async () => {
  await open("#/index");
  await page.getByText("Everything is searchable.", { exact: true }).waitFor();
  await page.getByRole("rowheader", { name: "code" }).first().waitFor();
  await page.getByText("Leaves this machine").waitFor();
  await page
    .locator(".skipped summary", { hasText: /binary|not code/ })
    .first()
    .click();
  await page.locator(".skipped .paths li").first().waitFor();
  await page.getByRole("heading", { name: "Who is connected" }).waitFor();
});

test("indexing pauses and goes on", async () => {
  await open("#/index");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.getByRole("button", { name: "Compare with the disk" }).click();
  await page.locator(".toast.is-shown").waitFor();
});

test("results come while typing, and the preview shows the first", async () => {
  await open("#/search");
  await focusIs("#query");
  await page.keyboard.type("try a download again");
  await row("fetch_with_retry").waitFor();
  await page.waitForFunction(() => document.querySelector(".hit-row[aria-current]"));
  await page.locator(".summary strong").waitFor();
  await page.locator(".line.own").first().waitFor();
  await page.locator(".t-k").first().waitFor();
  await page.getByText("Here because").waitFor();
});

test("nothing is said about a question before its answer, also not to a screen reader", async (t) => {
  const page = await ownPage(t);
  await page.clock.install();
  let answer;
  const isAnswered = new Promise((resolve) => (answer = resolve));
  await page.route("**/api/search", async (route) => {
    await isAnswered;
    await route.fallback();
  });
  await open("#/search", page);
  await focusIs("#query", page);
  await page.clock.runFor(1000);
  assert.equal(await page.locator("[aria-live=polite]").textContent(), "");
  await page.locator("#query").fill("fetch_with_retry");
  await page.clock.runFor(1000);
  await page.locator(".progress-line").waitFor({ state: "attached" });
  assert.equal(await page.locator(".summary").count(), 0);
  answer();
  await page.locator(".hits").waitFor();
  await page.clock.runFor(1000);
  await page.locator("[aria-live=polite]", { hasText: /results?$/ }).waitFor({ state: "attached" });
});

test("the way back leads to the result that was chosen just before, and gives it the keyboard", async (t) => {
  const page = await ownPage(t);
  await open("#/search?q=retry", page);
  await page.locator(".hit-row").nth(1).waitFor();
  await page.keyboard.press("ArrowDown");
  await focusIs("li:nth-child(2) > .hit-row[aria-current]", page);
  await page.waitForFunction(() => location.hash.includes("open="));
  await page.evaluate(() => {
    // no time passes between the keys
    for (const key of ["ArrowUp", "c"])
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
  await page.getByRole("heading", { name: /^Who uses/ }).waitFor();
  await page.waitForFunction(() => / · Callers · semlens$/.test(document.title)); // it follows what is drawn
  await page.keyboard.press("Escape");
  await focusIs("li:nth-child(1) > .hit-row[aria-current]", page);
});

test("on a narrow window the way back leads from the code to the list, and the way forward to the code", async (t) => {
  const page = await ownPage(t);
  await page.setViewportSize({ width: 360, height: 700 });
  await open("#/search?q=retry", page);
  const list = page.locator(".column");
  const code = page.locator(".column + .pane .line.own").first();
  for (const leave of [() => page.goBack(), () => page.getByRole("button", { name: "Results" }).click()]) {
    await page.locator(".hit-row").nth(1).click();
    await code.waitFor();
    await list.waitFor({ state: "hidden" });
    await leave();
    await list.waitFor();
    await page.waitForFunction(() => location.hash === "#/search?q=retry");
    await page.goForward();
    await code.waitFor();
    await list.waitFor({ state: "hidden" });
    await page.reload();
    await code.waitFor();
    await page.locator(".pane .number").nth(2).click();
    await page.waitForFunction(() => /:3&/.test(decodeURIComponent(location.hash)));
    await list.waitFor({ state: "hidden" });
    await page.goBack();
    await page.goBack();
    await list.waitFor();
  }
});

test("keys: choose, read, go back, help", async () => {
  await open("#/search?q=total");
  await rows().nth(2).waitFor();
  await focusIs("#query");
  const names = await page.locator(".hits .name").allInnerTexts();
  await page.keyboard.press("ArrowDown");
  await focusIs(".hit-row[aria-current]");
  assert.equal(await current().innerText(), names[1]);
  await page.keyboard.press("j");
  await page.waitForFunction((name) => document.activeElement?.querySelector(".name")?.textContent === name, names[2]);
  await page.keyboard.press("ArrowUp");
  await page.waitForFunction((name) => document.activeElement?.querySelector(".name")?.textContent === name, names[1]);
  await page.keyboard.press("Enter");
  await focusIs(".code");
  await page.keyboard.press("Escape");
  await focusIs(".hit-row[aria-current]");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("/");
  await focusIs("#query");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector("#query").value === "");
});

test("hits that begin on the same line are told apart by keys, by the mouse and in the address", async () => {
  await open("#/search?q=latch+path%3Ashop%2Flatches.js");
  await rows().nth(2).waitFor();
  const names = await page.locator(".hits .name").allInnerTexts();
  const currentIs = (name) => page.locator(".hit-row[aria-current] .name", { hasText: name }).waitFor();
  await page.keyboard.press("ArrowDown");
  await currentIs(names[1]);
  await focusIs(".hit-row[aria-current]");
  await page.keyboard.press("ArrowDown");
  await currentIs(names[2]);
  await row(names[1]).click();
  await currentIs(names[1]);
  await page.waitForFunction((name) => location.hash.includes(name), names[1]);
  await open(new URL(page.url()).hash);
  await currentIs(names[1]);
});

test("single letters are commands only while the user wants them", async () => {
  await open("#/search?q=total");
  await rows().first().waitFor();
  await page.keyboard.press("ArrowDown");
  await focusIs(".hit-row[aria-current]");
  await page.keyboard.press("?");
  await page.getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("s");
  await page.keyboard.press("ArrowDown");
  assert.match(page.url(), /#\/search/);
  await page.getByRole("button", { name: "Keys and help" }).click();
  await page.getByRole("checkbox").check();
  await page.keyboard.press("Escape");
});

test("every state has a URL", async () => {
  await open("#/search?q=total&lang=python");
  await row("basket_total").waitFor();
  await row("basket_total").click();
  await page.waitForFunction(() => location.hash.includes("open="));
  const url = page.url();
  await page.goto("about:blank");
  await page.goto(url);
  await page.waitForFunction(
    () => document.querySelector(".hit-row[aria-current] .name")?.textContent === "basket_total",
  );
  assert.equal(await page.locator("#query").inputValue(), "total");
  await page.getByRole("button", { name: /Remove filter language python/ }).waitFor();
  await page.locator(".why summary").click();
  await page.locator(".features th", { hasText: "words" }).first().waitFor();
});

test("filters are chips", async () => {
  await open("#/search?q=total");
  await row("totalPrice").waitFor();
  await page.getByLabel("Add filter: language").selectOption("python");
  await page.getByRole("button", { name: /Remove filter language python/ }).waitFor();
  await page.waitForFunction(() => {
    const files = [...document.querySelectorAll(".hits .path .file")];
    return files.length > 0 && files.every((one) => one.textContent.endsWith(".py"));
  });
  await page.getByLabel("Add filter: folder").selectOption({ label: "other" });
  await page.waitForFunction(() => {
    const names = [...document.querySelectorAll(".hits .root-name")];
    return names.length > 0 && names.every((one) => one.textContent === "other");
  });
  await page.getByRole("button", { name: /Remove filter folder other/ }).click();
  await page.getByRole("button", { name: /Remove filter language python/ }).click();
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".hits .path .file")].some((one) => one.textContent.endsWith(".ts")),
  );
});

test("several roots are searched and named", async () => {
  await open("#/search?q=deliver+a+message+to+a+mailbox");
  await row("send_mail").waitFor();
  assert.equal(await row("send_mail").locator(".root-name").innerText(), "other");
});

test("a place can be opened in an editor, copied, and linked to by line", async () => {
  await open("#/search?q=fetch_with_retry");
  await row("fetch_with_retry").first().click();
  const link = page.getByRole("link", { name: "Open in VS Code", exact: true });
  assert.match(await link.getAttribute("href"), /^vscode:\/\/file\/.*\/code\/net\/retry\.py:\d+:\d+$/);
  await page.getByRole("button", { name: "Neovim command" }).click();
  const copied = await until(async () => page.evaluate(() => navigator.clipboard.readText()), "something is copied");
  assert.match(copied, /^nvim \+\d+ \/.*\/code\/net\/retry\.py$/);
  await page.getByRole("link", { name: "Line 2", exact: true }).click();
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes("net/retry.py:2"));
});

test("similar code is one key away, and Escape leads back", async () => {
  await open("#/search?q=invoice_total");
  await row("invoice_total").first().click();
  await page.keyboard.press("s");
  await page.getByRole("heading", { name: /Code like/ }).waitFor();
  await row("basket_total").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => location.hash.startsWith("#/search"));
});

async function methods() {
  return page.evaluate(async () => {
    const headers = { "Content-Type": "application/json" };
    return (await (await fetch("/api/session", { method: "POST", headers, body: "{}" })).json()).methods;
  });
}

test("until the answer comes, no list of before stands below another heading, and keys do not act on it", async (t) => {
  const page = await ownPage(t);
  let answer;
  const isAnswered = new Promise((resolve) => (answer = resolve));
  await page.route("**/api/callers", async (route) => {
    await isAnswered;
    await route.fallback();
  });
  await open("#/search?q=fetch_with_retry", page);
  await page.locator(".hit-row[aria-current]", { hasText: "fetch_with_retry" }).click();
  await page.locator(".line.own").first().waitFor();
  await page.keyboard.press("c");
  await page.getByRole("heading", { name: "Who uses fetch_with_retry" }).waitFor();
  await frames(page, 2);
  assert.equal(await page.locator(".hit-row").count(), 0);
  await page.keyboard.press("d");
  answer();
  await page.locator(".hit-row[aria-current] .name", { hasText: "fetch_all" }).waitFor();
  await page.getByRole("heading", { name: "Who uses fetch_with_retry" }).waitFor();
});

test("callers are one key away where the server knows them, and not offered where it does not", async () => {
  await open("#/search?q=fetch_with_retry");
  await row("fetch_with_retry").first().click();
  const known = await methods();
  await page.keyboard.press("c");
  if (!known.includes("callers")) {
    assert.equal(await page.getByRole("link", { name: /Callers/ }).count(), 0);
    return;
  }
  await page.getByRole("heading", { name: /Who uses/ }).waitFor();
  await row("fetch_all").waitFor();
  await page.locator(".line.hit", { hasText: "fetch_with_retry(" }).waitFor();
  await page.keyboard.press("d");
  await page.getByRole("heading", { name: /What fetch_all uses/ }).waitFor();
  await row("fetch_with_retry").waitFor();
});

const box = (name) => page.locator(".graph-box", { has: page.locator(`.name:text-is(${JSON.stringify(name)})`) });

async function openGraph(more = "") {
  await open(`#/graph?of=${encodeURIComponent("net/many.py:4")}&ofIn=${encodeURIComponent(workspace.code)}${more}`);
  await page.locator(".graph-box.is-center .name", { hasText: "fetch_all" }).waitFor();
}

test("the call graph is drawn: callers on the left, what is used on the right, tests and doubt marked", async () => {
  await open("#/search?q=fetch_all");
  await row("fetch_all").first().click();
  await page.keyboard.press("g");
  await page.getByRole("heading", { name: "Around fetch_all" }).waitFor();
  await box("mirror").waitFor();
  const x = async (name) => (await box(name).boundingBox()).x;
  assert.ok((await x("mirror")) < (await x("fetch_all")) && (await x("fetch_all")) < (await x("fetch_with_retry")));
  await page.locator(".graph-box.is-test", { hasText: "test_fetch_all" }).locator(".tag-test").waitFor();
  await page.getByRole("link", { name: /mirror.*calls fetch_all/ }).waitFor();
  assert.equal(await page.locator(".graph-lines .edge.sure").count(), 3);
  await page.getByText("2 symbols use it, it uses 1.").waitFor();
});

test("the graph is walked by keys: Enter reads, Space goes to the middle, Escape leads back", async () => {
  await openGraph("&steps=1");
  await focusIs(".is-center > a");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("fetch_with_retry"));
  await page.locator(".edge.lit").waitFor({ state: "attached" });
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("mirror"));
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("test_fetch_all"));
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await focusIs(".code");
  await page.locator(".line.hit", { hasText: "fetch_all(urls)" }).waitFor();
  await page.getByText("Calls fetch_all.").waitFor();
  await page.keyboard.press("Escape");
  await focusIs(".graph-box > a"); // the code that had the keyboard says "mirror" too
  await page.waitForFunction(() => document.activeElement?.textContent.includes("mirror"));
  await page.keyboard.press("Escape");
  await page.locator(".graph-code").waitFor({ state: "detached" });
  await page.keyboard.press(" ");
  await page.getByRole("heading", { name: "Around mirror" }).waitFor();
  await page.locator(".graph-box.is-center .name", { hasText: "mirror" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Around fetch_all" }).waitFor();
});

/** Holds the texts of files until the function that it gives is called. */
async function holdFiles(page) {
  let release;
  const isReleased = new Promise((resolve) => (release = resolve));
  await page.route("**/api/file", async (route) => {
    await isReleased;
    await route.fallback();
  });
  return release;
}

test("Enter leads into code that comes late, from the list and from the graph", async (t) => {
  const graph = `#/graph?of=${encodeURIComponent("net/many.py:4")}&ofIn=${encodeURIComponent(workspace.code)}`;
  for (const [hash, from] of [
    ["#/unused", ".hit-row[aria-current]"],
    [graph, ".is-center > a"],
  ]) {
    const page = await ownPage(t);
    const release = await holdFiles(page);
    await open(hash, page);
    await focusIs(from, page);
    await page.keyboard.press("Enter");
    await frames(page, 150);
    release();
    await focusIs(".code", page);
  }
});

test("code that comes late leaves the keyboard to who went on", async (t) => {
  const page = await ownPage(t);
  const release = await holdFiles(page);
  await open(`#/graph?of=${encodeURIComponent("net/many.py:4")}&ofIn=${encodeURIComponent(workspace.code)}`, page);
  await focusIs(".is-center > a", page);
  await page.keyboard.press("Enter");
  await page.locator(".graph-code").waitFor();
  await page.keyboard.press("ArrowRight");
  release();
  await page.locator(".graph-code .code").waitFor();
  await frames(page, 20);
  await focusIs(".graph-box > a", page);
});

test("a click puts a symbol into the middle, and two steps show callers of callers", async () => {
  await openGraph("&steps=1");
  await box("fetch_with_retry").locator("a").click();
  await page.getByRole("heading", { name: "Around fetch_with_retry" }).waitFor();
  assert.equal(await box("mirror").count(), 0);
  await page.getByLabel("Steps").selectOption("2");
  await page.getByRole("link", { name: /mirror.*leads to fetch_with_retry, 2 steps away/ }).waitFor();
  await page.getByRole("button", { name: "Read mirror" }).click();
  await page.locator(".graph-code .line.own").first().waitFor();
  await page.getByRole("link", { name: "Callers as a list" }).click();
  await page.getByRole("heading", { name: /Who uses/ }).waitFor();
  await page.getByRole("link", { name: "As a drawing" }).click();
  await page.getByRole("heading", { name: "Around fetch_with_retry" }).waitFor();
});

test("a column has a bound, and says what it leaves out", async () => {
  await openGraph("&steps=1&rows=1");
  await page.getByText("2 symbols use it, it uses 1. 1 is not shown yet.").waitFor();
  await page.getByRole("button", { name: "1 more" }).click();
  await box("test_fetch_all").waitFor();
  assert.equal(await page.locator(".graph-more").count(), 0);
});

test("changes: what is not committed, what it reaches, the tests to run, and a range of commits", async () => {
  await open("#/changes");
  await page.getByText("No symbol is changed").waitFor();
  const file = path.join(workspace.code, "net/many.py");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replace("[fetch", "[ fetch"));
  await page.getByRole("heading", { name: "Changed (1)" }).waitFor();
  await page.getByRole("heading", { name: "Tests that reach it (1)" }).waitFor();
  await page.getByRole("heading", { name: "May be affected (1)" }).waitFor();
  assert.deepEqual(await page.locator(".hits .name").allInnerTexts(), ["fetch_all", "test_fetch_all", "mirror"]);
  await page.getByText("1 symbol changed, 1 other may be affected, tests in 1 file").waitFor();
  await page.getByRole("button", { name: "The test file" }).click();
  const copied = await until(
    async () => (await page.evaluate(() => navigator.clipboard.readText())).startsWith("tests/"),
    "the file is copied",
  );
  assert.ok(copied);
  await row("mirror").click();
  await page.getByText("Here because it uses fetch_all.").waitFor();
  git(workspace.code, "commit", "-qam", "second");
  await page.getByText("No symbol is changed").waitFor();
  await page.getByRole("button", { name: "Last commit" }).click();
  await row("mirror").waitFor();
  await page.getByLabel(/Since a branch or a commit/).fill("no-such-branch");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("git knows no commit no-such-branch").waitFor();
  await page.getByLabel("Folder", { exact: true }).selectOption({ label: "other" });
  await page.getByRole("alert").getByText("is in no git repository").waitFor();
});

test("an answer about changes leaves the keyboard to who types a branch", async (t) => {
  const page = await ownPage(t);
  let answer;
  const isAnswered = new Promise((resolve) => (answer = resolve));
  await page.route("**/api/impact", async (route) => {
    await isAnswered;
    await route.fallback();
  });
  await open("#/changes?ref=HEAD~1..HEAD", page);
  const field = page.getByLabel(/Since a branch or a commit/);
  await field.pressSequentially("ma");
  answer();
  await page.locator(".hit-row[aria-current]").waitFor();
  await frames(page, 20);
  await page.keyboard.type("in");
  assert.equal(await field.inputValue(), "main");
});

test("an answer about changes leaves the keyboard to who enters the field before the next frame", async (t) => {
  const page = await ownPage(t);
  await page.route("**/api/impact", async (route) => {
    await page.evaluate(() => {
      window.held ??= [];
      window.requestAnimationFrame = (callback) => window.held.push(callback);
    });
    await route.fallback();
  });
  await open("#/changes?ref=HEAD~1..HEAD", page);
  await page.locator(".hit-row[aria-current]").waitFor();
  // the effects of the answer run without a frame too; one of them asks for the frame in which the answer takes the keyboard
  const isHeld = () => window.held.some((callback) => String(callback).includes("activeElement"));
  await page.waitForFunction(isHeld, null, { polling: 50 });
  const field = page.getByLabel(/Since a branch or a commit/);
  await field.focus();
  await page.evaluate(() => window.held.forEach((callback) => callback(performance.now())));
  await page.keyboard.type("main");
  assert.equal(await field.inputValue(), "main");
});

test("unused definitions are listed, surest first", async () => {
  await open("#/unused");
  await page.getByRole("heading", { name: /Nothing seems to use them/ }).waitFor();
  await row("_left_behind").click();
  await page.getByText("Nothing here seems to use it.").waitFor();
  await page.getByRole("heading", { name: /Perhaps: it is public/ }).waitFor();
});

test("until the index is complete, no view says that nothing uses or changes a symbol", async (t) => {
  const page = await ownPage(t);
  await page.route("**/api/status", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), complete: false } });
  });
  await page.route("**/api/events", () => null); // they would tell of the real one
  await open("#/unused", page);
  await page.locator(".hit-row").first().waitFor();
  await page.getByText("The index is not complete yet").waitFor();
  assert.deepEqual(await violations(page), []);
  await open("#/changes", page);
  await page.locator(".summary", { hasText: "Nothing was found yet." }).waitFor();
});

test("HTML and scripts in names and code are text", async () => {
  await open("#/search?q=escape_markup");
  await row("escape_markup").first().click();
  await page.locator(".pane-title .file", { hasText: EVIL_NAME }).waitFor();
  await page.locator(".line", { hasText: "</script><script>alert(2)</script><b>bold</b>" }).waitFor();
  assert.equal(await page.locator("img, .code b, .code script").count(), 0);
  await open(`#/search?q=${encodeURIComponent("<img src=x onerror=alert(3)>")}`);
  await page.locator(".summary").or(page.locator(".notice")).first().waitFor();
  assert.equal(await page.locator("img").count(), 0);
  assert.deepEqual(complaints, []);
});

test("names that are no UTF-8 and characters that turn the text around are shown, opened and asked about", async () => {
  for (const [name, file, shown] of Object.entries(ODD_NAMES).map(([name, one]) => [name, one.file, one.shown])) {
    await open(`#/search?q=${name}`);
    await row(name).click();
    assert.equal(await row(name).locator(".file").innerText(), shown);
    await page.locator(".line.own", { hasText: "(kettle)" }).waitFor();
    await page.waitForFunction((one) => location.hash.includes(`symbol=${one}`), name);
    await open(new URL(page.url()).hash);
    await page.locator(".line.own", { hasText: "(kettle)" }).waitFor();
    assert.doesNotMatch(await page.locator(".view-search").innerText(), /[\u202a-\u202e\u2066-\u2069]/);
    const link = page.getByRole("link", { name: "Open in VS Code", exact: true });
    assert.ok((await link.getAttribute("href")).includes(`/names/${file}:`));
    await page.keyboard.press("g");
    await page.locator(".graph-box.is-center .name", { hasText: name }).waitFor();
  }
});

test("a line of 5 MB is cut, and the page stays quick", async () => {
  await open(`#/search?open=${encodeURIComponent("data/blob.py:4")}&in=${encodeURIComponent(workspace.code)}`);
  await page.getByText("the rest of this line is left out").waitFor();
  assert.ok((await page.locator(".code").innerText()).length < 10_000);
});

test("a file that goes while it is read is said to be gone", async () => {
  write(workspace.code, "net/short_lived.py", "def short_lived_helper():\n    return 1\n");
  await open("#/search?q=short_lived_helper");
  await row("short_lived_helper").first().click();
  await page.locator(".line", { hasText: "short_lived_helper" }).waitFor();
  fs.rmSync(path.join(workspace.code, "net/short_lived.py"));
  await page.locator(".pane .notice", { hasText: "gone" }).waitFor();
});

test("what changes on disk appears by itself", async () => {
  await open("#/search?q=polish_the_brass_lamp");
  await page.locator(".summary").waitFor();
  assert.equal(await row("polish_the_brass_lamp").count(), 0);
  write(workspace.code, "shop/lamp.py", "def polish_the_brass_lamp(lamp):\n    return lamp.polish()\n");
  await row("polish_the_brass_lamp").waitFor();
  write(
    workspace.code,
    "shop/lamp.py",
    "# a line above\ndef polish_the_brass_lamp(lamp):\n    return lamp.polish(twice=True)\n",
  );
  await page.locator(".line", { hasText: "twice=True" }).waitFor();
});

test("duplicates stand beside each other, with their difference", async () => {
  await open("#/duplicates");
  await row("basket_total").or(row("invoice_total")).first().click();
  await page
    .locator(".diff-row.differs mark", { hasText: "basket" })
    .or(page.locator(".diff-row.differs mark", { hasText: "products" }))
    .first()
    .waitFor();
  assert.ok((await page.locator(".diff-row:not(.differs)").count()) >= 5);
  await page.locator(".copy a").first().click();
  await page.waitForFunction(() => location.hash.startsWith("#/search"));
  await page.locator(".line.own").first().waitFor();
});

test("folders are tiles and a table", async () => {
  await open("#/folders");
  await page.locator(".tile", { hasText: "shop" }).first().waitFor();
  await page.getByRole("rowheader", { name: "code" }).getByRole("link").click();
  await page.getByRole("rowheader", { name: "shop" }).getByRole("link").click();
  await page.getByRole("button", { name: "Search here" }).click();
  await page.getByRole("button", { name: /Remove filter path shop/ }).waitFor();
});

test("the map lights up what a question finds, and a click opens the code", async (t) => {
  const page = await ownPage(t);
  await mapAnswers(page, workspace.code);
  await open("#/map", page);
  await page.locator(".labels button").first().waitFor();
  await page.locator("#query").fill("total");
  await page.getByText("2 points").waitFor();
  const { width, height } = await page.locator(".plot canvas").boundingBox();
  await page.locator(".plot canvas").click({ position: { x: width / 2, y: height / 2 } });
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes("open=net/retry.py"));
  await page.locator(".line.own").first().waitFor();
  await page.getByLabel("coloured by").selectOption("language");
  await page.getByRole("button", { name: /python/ }).click();
  assert.deepEqual(await violations(page), []);
});

test("a click on a map that is gone says so and loads the next; of two quick clicks the last counts", async (t) => {
  const page = await ownPage(t);
  await mapAnswers(page, workspace.code);
  await open("#/map", page);
  await page.locator(".labels button").first().waitFor();
  const canvas = page.locator(".plot canvas");
  const { width, height } = await canvas.boundingBox();
  const click = () => canvas.click({ position: { x: width / 2, y: height / 2 } });
  const gone = { error: { code: "notFound", message: "There is another map now. Open the map again." } };
  await page.route("**/api/map/symbols", (route) => route.fulfill({ status: 410, json: gone }), { times: 1 });
  const isLoadedAgain = page.waitForRequest((request) => request.url().endsWith("/api/map"));
  await click();
  await page.locator(".toast.is-shown", { hasText: "There is another map now" }).waitFor();
  await isLoadedAgain;

  const hit = {
    path: "net/retry.py",
    root: workspace.code,
    qualifiedName: "x",
    startLine: 7,
    endLine: 14,
    nameLine: 7,
  };
  const answer = (route, path) => route.fulfill({ json: { symbols: [{ ...hit, path }] } });
  let first;
  await page.route("**/api/map/symbols", (route) => (first ? answer(route, "net/many.py") : (first = route)));
  await click();
  await until(() => first, "the first click asks");
  await click();
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes("open=net/many.py"));
  await answer(first, "net/retry.py").catch(() => null); // the page has given it up
  await frames(page, 20);
  assert.match(decodeURIComponent(page.url()), /open=net\/many\.py/);
});

test("a view that is opened while the server is away comes when it is back", async (t) => {
  const page = await ownPage(t);
  let isAway = false;
  await mapAnswers(page, workspace.code);
  for (const part of ["api", "assets"])
    await page.route(`**/${part}/**`, (route) => (isAway ? route.abort() : route.fallback()));
  await open("#/search", page);
  await page.getByRole("link", { name: "Map", exact: true }).waitFor();
  isAway = true;
  await setHidden(page, true);
  await setHidden(page, false); // and so it asks for the server
  await page.getByText("The server is gone").waitFor();
  await page.getByRole("link", { name: "Map", exact: true }).click();
  await page.getByText("This view could not be loaded.").waitFor();
  isAway = false;
  await page.getByText("The server is gone").waitFor({ state: "detached" });
  await page.locator(".labels button").first().waitFor();
});

test("the map of the server has every symbol, where the projection is installed", async (t) => {
  if (!(await methods()).includes("map")) return t.skip("the extra semlens[map] is not installed");
  await open("#/map");
  await page.locator(".legend").waitFor({ timeout: 5 * DEADLINE_MS }); // the projection is compiled first
  const count = Number(/(\d+) symbols/.exec(await page.locator(".legend").innerText())[1]);
  assert.ok(count >= 10, String(count));
});

test("axe finds nothing, wide and narrow, light and dark", async () => {
  const views = [
    ["#/search", ".welcome"],
    ["#/search?q=brew_tea", ".hit-row"],
    ["#/duplicates", ".diff-row"],
    ["#/folders", ".tile"],
    ["#/index", ".skipped"],
    [`#/similar?of=shop%2Fbasket.py%3A3&ofIn=${encodeURIComponent(workspace.code)}`, ".hit-row"],
    [
      `#/graph?of=net%2Fmany.py%3A4&ofIn=${encodeURIComponent(workspace.code)}&steps=2&open=net%2Fmany.py%3A4`,
      ".graph-code .line",
    ],
    ["#/changes?ref=HEAD~1..HEAD", ".hit-row"],
    ["#/unused", ".hit-row"],
  ];
  for (const [width, colorScheme] of [
    [1280, "light"],
    [360, "dark"],
    [2560, "dark"],
  ]) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    for (const [hash, content] of width === 2560 ? views.slice(1, 4) : views) {
      await open(hash);
      await page.locator(content).first().waitFor();
      assert.deepEqual(await violations(page), [], `${hash} at ${width}, ${colorScheme}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${hash} is ${overflow} pixels too wide at ${width}`);
      assert.deepEqual(await cutParts(), [], `${hash} at ${width}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test("another origin and another host are refused", async () => {
  const [{ name, value }] = await context.cookies(server.origin);
  const ask = (headers) =>
    new Promise((resolve, reject) => {
      const request = http.request(`${server.origin}/api/status`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
      });
      request.once("response", (response) => (response.resume(), resolve(response.statusCode)));
      request.once("error", reject);
      request.end("{}");
    });
  const cookie = { Cookie: `${name}=${value}` };
  assert.equal(await ask(cookie), 200);
  assert.equal(await ask({}), 401);
  assert.equal(await ask({ Cookie: `${name}=wrong` }), 401);
  assert.equal(await ask({ ...cookie, Origin: "https://evil.example" }), 403);
  assert.equal(await ask({ ...cookie, Host: "evil.example" }), 403);
});

test("a page of another origin cannot ask", async () => {
  const evil = http.createServer((_, response) => response.end("<!doctype html>evil"));
  await new Promise((resolve) => evil.listen(0, "127.0.0.1", resolve));
  const other = await context.newPage();
  await other.goto(`http://127.0.0.1:${evil.address().port}/`);
  const outcome = await other.evaluate(async (url) => {
    try {
      const options = { method: "POST", credentials: "include", headers: { "Content-Type": "text/plain" }, body: "{}" };
      const response = await fetch(`${url}/api/status`, options);
      return `answered ${response.status} ${await response.text()}`;
    } catch {
      return "refused";
    }
  }, server.origin);
  assert.equal(outcome, "refused");
  await other.close();
  evil.close();
});

test("the page connects again after the server was killed", async () => {
  await open("#/search?q=invoice_total");
  await row("invoice_total").waitFor();
  const killed = server.residentProcess;
  process.kill(killed, "SIGKILL");
  await page.getByText("Not connected").or(page.getByText("The server is gone")).first().waitFor();
  await page.getByText("The server is gone").waitFor({ state: "detached" });
  assert.notEqual(server.residentProcess, killed);
  await ask("fetch_with_retry");
  await row("fetch_with_retry").waitFor();
});

test("tabs in the background leave connections to the one in sight", async (t) => {
  const tabs = await Promise.all(Array.from({ length: 7 }, () => context.newPage()));
  t.after(() => Promise.all(tabs.map((tab) => tab.close())));
  for (const tab of tabs) {
    await open("#/search?q=invoice_total", tab);
    await tab.locator(".hit-row").first().waitFor();
    await setHidden(tab, true);
  }
  const follows = tabs[0].waitForRequest("**/api/events");
  await setHidden(tabs[0], false);
  await follows;
});

test("an expired sign-in is said in a sentence", async () => {
  await open("#/search?q=total");
  await rows().first().waitFor();
  const cookies = await context.cookies();
  await page.locator("#query").focus();
  await context.clearCookies();
  await page.keyboard.type("s");
  await page.getByRole("heading", { name: "This page is signed out" }).waitFor();
  await page.getByText("Press Enter in the terminal").waitFor();
  assert.deepEqual(await violations(page), []);
  await context.addCookies(cookies);
});

test("nothing outside of this machine was asked, and no script was stopped", async () => {
  assert.deepEqual([...seen.hosts], []);
  assert.deepEqual(complaints, []);
  // the control: a request to elsewhere is noticed
  const other = await context.newPage();
  await other.goto("data:text/html,<p>control");
  await other.evaluate(() => fetch("http://outside.invalid/").catch(() => null));
  assert.deepEqual([...seen.hosts], ["outside.invalid"]);
  await other.close();
});
