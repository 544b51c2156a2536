// node drive.cjs PORT FOLDER PICTURES: uses the extension as a person does, in the workbench that runs on PORT.
// Waits are on states, with deadlines. Prints TAP.
const { chromium } = require("playwright-core");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const DEADLINE = { timeout: 120_000 };
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"].concat([
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]);
const LIST = ".quick-input-list .monaco-list-row";

async function main() {
  const [port, folder, pictures] = process.argv.slice(2);
  fs.mkdirSync(pictures, { recursive: true });
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "semlens-chromium-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    args: FLAGS,
  });
  const page = browser.pages()[0] ?? (await browser.newPage());
  const outside = new Set();
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && hostname !== "127.0.0.1" && hostname !== "localhost")
      outside.add(hostname);
  });
  let nPassed = 0;
  const step = async (name, body) => {
    const started = Date.now();
    try {
      await body();
    } catch (error) {
      await page.screenshot({ path: path.join(pictures, "failed.png") });
      console.log(`not ok - ${name}\n${error.stack}`);
      console.log(`${nPassed} passed, 1 failed`);
      process.exit(1);
    }
    nPassed += 1;
    console.log(`ok - ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  };
  const picture = (name) => page.screenshot({ path: path.join(pictures, `vscode-${name}.png`) });
  const input = () => page.waitForSelector(".quick-input-widget input", DEADLINE);
  const rows = () => page.$$eval(LIST, (found) => found.map((row) => row.getAttribute("aria-label")));
  const firstRow = (text) =>
    page.waitForFunction(
      ([list, wanted]) => document.querySelector(list)?.getAttribute("aria-label")?.includes(wanted),
      [LIST, text],
      DEADLINE,
    );
  const statusBar = (pattern) =>
    page.waitForFunction(
      (text) => new RegExp(text).test(document.querySelector(".statusbar")?.innerText ?? ""),
      pattern,
      DEADLINE,
    );
  const run = async (title) => {
    await page.keyboard.press("F1");
    await input();
    await page.keyboard.type(title);
    await page.waitForSelector(`${LIST} >> text=${title.replace(/^.*: /, "")}`, DEADLINE);
    await page.keyboard.press("Enter");
  };

  await step("the workbench opens and the index becomes ready", async () => {
    for (const until = Date.now() + 120_000; ;) {
      try {
        await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
        break;
      } catch (error) {
        if (Date.now() > until) throw error; // it refuses connections while it starts
        await page.waitForTimeout(500);
      }
    }
    await page.waitForSelector(".explorer-folders-view .monaco-list-row", DEADLINE);
    await statusBar("semlens(?!:)");
  });

  await step("the command is in the palette and opens the picker", async () => {
    await page.keyboard.press("F1");
    await input();
    await page.keyboard.type("Semantic Search: Find Code");
    await page.waitForSelector(`${LIST} >> text=Find Code by Meaning`, DEADLINE);
    await picture("palette");
    await page.keyboard.press("Enter");
    await page.waitForSelector('.quick-input-widget input[placeholder^="Describe"]', DEADLINE);
  });

  await step("hits come as one types, in the server's order, words or no words", async () => {
    await page.keyboard.type("hex string to red green blue", { delay: 15 });
    await firstRow("parse_colour");
    // `blend` holds none of the words: VS Code must not have filtered it.
    assert.ok(
      (await rows()).some((row) => row.includes("blend")),
      JSON.stringify(await rows()),
    );
    await picture("hits");
  });

  await step("Enter jumps to the name", async () => {
    await page.keyboard.press("Enter");
    await page.waitForSelector(".tab.active >> text=colour.py", DEADLINE);
    await statusBar("Ln 4, Col 5");
    await picture("jump");
  });

  await step("text that is not saved is found", async () => {
    await page.keyboard.press("Control+End");
    await page.keyboard.type('\n\ndef rotate_logs(folder):\n"""Move old log files away."""\n', { delay: 5 });
    await page.waitForSelector(".tab.dirty >> text=colour.py", DEADLINE);
    await run("Semantic Search: Find Code by Meaning");
    await page.waitForSelector('.quick-input-widget input[placeholder^="Describe"]', DEADLINE);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("archive old log files", { delay: 15 });
    await firstRow("rotate_logs");
    assert.match((await rows())[0], /unsaved/);
    await picture("unsaved");
    await page.keyboard.press("Escape");
  });

  await step("pause and resume show in the status bar", async () => {
    await run("Semantic Search: Pause Indexing");
    await statusBar("semlens: paused");
    await run("Semantic Search: Resume Indexing");
    await statusBar("semlens(?!:)");
  });

  await step("no request left the machine", async () => assert.deepEqual([...outside], []));

  console.log(`${nPassed} passed, 0 failed`);
  await browser.close();
  fs.rmSync(profile, { recursive: true, force: true });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
