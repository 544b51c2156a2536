// node drive.cjs PORT FOLDER PICTURES MACHINE WHEEL: uses the packed extension by keys and mouse in the workbench on
// PORT. MACHINE is its file of machine settings; WHEEL is installed as the server. Prints TAP.
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { open, withBrowser } = require("./browser.cjs");
const { LIST, Workbench } = require("./workbench.cjs");

const [port, folder, pictures, machine, wheel] = process.argv.slice(2);
const steps = [];
const step = (name, body) => steps.push({ name, body });
const NOTIFICATION = ".notifications-center .notification-list-item";
const DIALOG = ".monaco-dialog-box";
const INSTALL_MS = 580_000; // 500 MB are installed
const environment = path.join(machine, "..", "..", "User", "globalStorage", "semlens.semlens", "server");
const TREE = ".pane-body .monaco-list-row";

step("the workbench opens and the index becomes ready", async ({ page, bench }) => {
  await open(page, `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
  await page.waitForSelector(".explorer-folders-view .monaco-list-row");
  await bench.statusBar("semlens(?!:)");
});

step("the walkthrough has three steps, and the first is ticked because the server runs", async ({ page, bench }) => {
  await bench.command("Welcome: Open Walkthrough..."); // nobody has used the step's command
  await page.keyboard.type("Find Code by What It Does");
  await bench.firstRow("Find Code by What It Does");
  await bench.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".getting-started-step").length === 3);
  await page.waitForSelector('[data-done-step-id$="setup"][aria-checked="true"]');
  assert.equal(await page.$('[data-done-step-id$="find"][aria-checked="true"]'), null);
  await bench.picture("walkthrough");
  await page.click(".tab.active .tab-label"); // else the walkthrough's picture may have the keyboard
  await bench.closeEditors();
});

step("the commands are in the palette", async ({ page, bench }) => {
  await bench.press("F1");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type("semlens");
  await bench.firstRow("semlens: ");
  await page.waitForSelector(`${LIST} >> text=Find Code by Meaning`);
  await bench.picture("palette");
  await bench.press("Escape");
});

step("typing shows hits in the server's order, including those without the words", async ({ bench }) => {
  await bench.ask("hex string to red green blue");
  await bench.firstRow("parse_colour");
  // `wrap` contains none of the words, so VS Code's own filter would remove it.
  await bench.see(LIST, "wrap");
  await bench.picture("hits");
});

step("the title says how many hits there are, that none fits, or that nothing was found", async ({ page, bench }) => {
  await bench.see(".quick-input-title", "Find Code by Meaning: \\d+\\+? hits?$");
  await bench.escape();
  await bench.ask("copy lang:cobol");
  await bench.see(".quick-input-title", "^Nothing found\\..*cobol");
  assert.deepEqual(
    (await bench.rows()).filter((row) => /copy|found/i.test(row)),
    [],
  );
  await bench.picture("nothing");
  await bench.escape();
  await bench.press("Control+k");
  await bench.press("Control+n");
  await page.waitForSelector('.quick-input-widget input[placeholder^="Describe"]');
  await page.keyboard.type("hex string to red green blue");
  await bench.firstRow("parse_colour");
});

step("moving shows the hit in the editor, and Escape restores the editor", async ({ page, bench }) => {
  await bench.moveDown();
  await page.waitForSelector(".view-overlays .cdr"); // the decorated lines
  assert.equal(await bench.question(), "hex string to red green blue");
  await bench.picture("preview");
  await bench.press("Escape");
  await page.waitForSelector(".tab", { state: "detached" });
});

step("Enter jumps to the name", async ({ bench }) => {
  await bench.ask("hex string to red green blue");
  await bench.firstRow("parse_colour");
  await bench.press("Enter");
  await bench.tab("colour.py");
  await bench.statusBar("Ln 4, Col 5");
  await bench.picture("jump");
});

step("unsaved text is found", async ({ page, bench }) => {
  await bench.press("Control+End");
  await page.keyboard.type('\n\ndef rotate_logs(folder):\n"""Move old log files away."""\n', { delay: 5 });
  await page.waitForSelector(".tab.dirty >> text=colour.py");
  await bench.ask("archive old log files");
  await bench.firstRow("rotate_logs", "unsaved"); // at once: an answer that still comes may change the rows
  await bench.picture("unsaved");
  await bench.press("Escape");
  await bench.command("File: Revert File");
  await page.waitForSelector(".tab.dirty", { state: "detached" });
});

step("buttons change the filters in the query", async ({ page, bench }) => {
  await bench.ask("copy");
  await bench.see(LIST, "");
  await bench.pressButton("Filter by Language");
  await page.waitForSelector('.quick-input-widget input[placeholder^="Languages"]');
  await page.keyboard.type("go");
  await bench.firstRow("go");
  await bench.press("ArrowDown");
  await bench.press("Space");
  await bench.press("Enter");
  await bench.questionIs("copy lang:go");
  await bench.allRows("backup\\.go");
  await bench.picture("filter");
  for (const wanted of ["copy lang:go test:exclude", "copy lang:go test:only", "copy lang:go"]) {
    await bench.pressButton("With Tests, Without Tests, Tests Only");
    await bench.questionIs(wanted);
  }
  await bench.allRows("backup\\.go"); // only a query with hits is offered again
  await bench.press("Escape");
});

step("the last query is offered and can be repeated", async ({ bench }) => {
  await bench.find();
  await bench.firstRow("copy lang:go");
  await bench.pressButton("Repeat Last Query");
  await bench.questionIs("copy lang:go");
  await bench.allRows("backup\\.go");
});

step("a button opens a hit to the side", async ({ page, bench }) => {
  await page.hover(LIST);
  await page.click(`${LIST} [aria-label="Open to the Side"]`);
  await page.waitForFunction(() => document.querySelectorAll(".editor-group-container").length === 2);
  await bench.tab("backup.go");
  await bench.closeEditors();
});

step("pinned results are shown in the side bar, by file", async ({ page, bench }) => {
  await bench.ask("total price with tax");
  await bench.firstRow("totalPrice");
  await bench.pressButton("Pin Results");
  await page.waitForSelector(`${TREE} >> text=cart.ts`);
  await page.waitForSelector(`${TREE} >> text=totalPrice`);
  await bench.see(".sidebar .title", "^Semlens: Results"); // all of it, beside the buttons
  await bench.see(".sidebar .message", "^total price with tax: \\d+ hits$");
  await page.click(`${TREE} >> text=totalPrice`);
  await bench.tab("cart.ts");
  await bench.picture("tree");
});

step("pinned results can be dismissed, copied, refreshed and cleared", async ({ page, bench }) => {
  const row = page.locator(TREE, { hasText: "totalPrice" });
  await row.hover();
  await row.locator('[aria-label="Copy"]').click();
  await bench.clipboard("^shop/cart\\.ts:8 {2}.*totalPrice");
  await row.hover();
  await row.locator('[aria-label="Dismiss"]').click();
  await row.waitFor({ state: "detached" });
  await bench.command("semlens: Refresh Results");
  await row.waitFor();
  await bench.command("semlens: Clear Results");
  await bench.see(".pane-body", "No results yet");
});

step("duplicates are listed in groups", async ({ page, bench }) => {
  await bench.command("semlens: Show Duplicates");
  await page.waitForSelector(`${TREE} >> text=to save`);
  await page.waitForSelector(`${TREE} >> text=orders.py:4`);
  await bench.picture("duplicates");
});

step("a context opens as a document", async ({ page, bench }) => {
  await bench.closeEditors();
  await bench.command("semlens: Open Context as Document");
  await page.waitForSelector('.quick-input-widget input[placeholder^="Choose one"]');
  await page.keyboard.type("pay an invoice");
  await bench.firstRow("Code about");
  await bench.press("Enter");
  await bench.tab("Context 1.md");
  await bench.see(".view-lines", "invoice_total");
  await bench.picture("context");
});

step("the report and the status bar show pause and resume", async ({ bench }) => {
  await bench.command("semlens: Show Index Status");
  await bench.tab("Index Status.txt");
  await bench.see(".view-lines", "ready,.complete[^]*nothing.leaves.this.machine");
  await bench.picture("status");
  await bench.command("semlens: Pause Indexing");
  await bench.statusBar("semlens: paused");
  await bench.see(".view-lines", "paused");
  await bench.command("semlens: Resume Indexing");
  await bench.statusBar("semlens(?!:)");
});

step("the language status has an item", async ({ page, bench }) => {
  await bench.closeEditors();
  await bench.ask("totalPrice");
  await bench.firstRow("totalPrice");
  await bench.press("Enter");
  await bench.tab("cart.ts");
  await page.hover('[id="status.languageStatus"]');
  await bench.see(".monaco-hover", "semlens");
});

step("Ctrl+T finds symbols by name", async ({ page, bench }) => {
  await bench.press("Control+t");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type("CopySnapshot");
  await bench.firstRow("CopySnapshot");
  await bench.press("Escape");
});

step("the editor's context menu has Find Similar Code", async ({ page, bench }) => {
  await page.click(".view-lines >> text=totalPrice", { button: "right" });
  await page.waitForSelector(".monaco-menu >> text=Copy Context for Prompt");
  await page.hover(".monaco-menu >> text=Find Similar Code");
  await page.waitForSelector(".monaco-menu .focused >> text=Find Similar Code");
  await bench.press("Enter"); // a menu ignores clicks just after it opens
  await bench.see(".quick-input-title", "Code Similar to");
  await bench.press("Escape");
});

step("the picker works on narrow and wide screens, in a light and a dark theme", async ({ page, bench }) => {
  const pictures = async (theme) => {
    for (const [size, width, height] of [
      ["narrow", 520, 700],
      ["wide", 1920, 1080],
    ]) {
      await page.setViewportSize({ width, height });
      await bench.ask("copy the database while it is open");
      await bench.firstRow("CopySnapshot");
      await bench.picture(`${size}${theme}`);
      await bench.escapeTo("cart.ts");
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  };
  await bench.press("Control+b"); // the side bar says nothing here
  await pictures("");
  await bench.command("Preferences: Toggle between Light/Dark Themes");
  await page.waitForSelector(".monaco-workbench.vs-dark");
  await pictures("-dark");
  await bench.ask("hex string to red green blue");
  await bench.firstRow("parse_colour");
  await page.mouse.move(640, 600); // away from what shows a tooltip
  await bench.moveDown();
  await bench.moveDown(); // a later answer may have moved the rows
  await bench.picture("dark");
  await bench.escapeTo("cart.ts");
  await bench.press("Control+b");
  await bench.command("Preferences: Toggle between Light/Dark Themes");
  await page.waitForSelector(".monaco-workbench.vs");
});

step("a wrong setting shows one notification with an action", async ({ page, bench }) => {
  setMachine({ "semlens.server.path": "/nowhere/semlens" });
  await page.reload();
  await bench.statusBar("semlens: off");
  await bench.command("Notifications: Show Notifications"); // notifications do not pop up in this test workbench
  await bench.see(NOTIFICATION, "/nowhere/semlens");
  const texts = await page.$$eval(NOTIFICATION, (all) => all.map((one) => one.innerText));
  assert.equal(texts.filter((text) => text.includes("semlens")).length, 1, texts.join("\n"));
  await page.click(`${NOTIFICATION} >> text=Open Settings`);
  await bench.tab("Settings");
});

step("the first command offers to install a missing server, and Cancel installs nothing", async ({ page, bench }) => {
  setMachine({});
  await page.reload();
  await bench.statusBar("semlens: off");
  await bench.command("semlens: Find Code by Meaning");
  await bench.see(DIALOG, "not installed[^]*package index");
  await bench.picture("setup");
  await page.click(`${DIALOG} >> text=Cancel`);
  await page.waitForSelector(DIALOG, { state: "detached" });
  await bench.statusBar("semlens: off");
});

step("a chosen wheel installs the server and opens the picker", async ({ page, bench }) => {
  setMachine({});
  await page.reload();
  await bench.statusBar("semlens: off");
  await bench.command("semlens: Find Code by Meaning");
  await page.click(`${DIALOG} >> text=Choose Wheel`);
  await bench.see(".quick-input-title", "Wheel of the semlens Server");
  await bench.firstRow(".."); // the dialog shows its first folder
  await page.fill(".quick-input-widget input", wheel);
  await page.click(`${LIST} >> text=${path.basename(wheel)}`);
  await page.waitForSelector('.quick-input-widget input[placeholder^="Describe"]', { timeout: INSTALL_MS });
  await page.keyboard.type("hex string to red green blue");
  await bench.firstRow("parse_colour");
  await bench.press("Escape");
  assert.ok(fs.existsSync(path.join(environment, "bin", "semlens")));
  assert.ok(runs(path.join(environment, "bin", "semlens")), "the server of the wheel answered");
});

/** Whether a process runs this program. */
function runs(program) {
  return fs.readdirSync("/proc").some((id) => {
    try {
      return /^\d+$/.test(id) && fs.readFileSync(`/proc/${id}/cmdline`, "utf8").includes(program);
    } catch {
      return false; // it has just ended
    }
  });
}

function setMachine(settings) {
  fs.writeFileSync(machine, JSON.stringify({ "semlens.models.refine": "none", ...settings }));
}

async function main() {
  fs.mkdirSync(pictures, { recursive: true });
  return withBrowser(async (page, outside) => {
    const bench = new Workbench(page, pictures);
    step("no request left the machine", async () => assert.deepEqual(outside(), []));
    let nPassed = 0;
    const wanted = new RegExp(process.env.ONLY ?? ""); // runs single steps; the first one is always needed
    for (const { name, body } of steps.filter((one, n) => n === 0 || wanted.test(one.name))) {
      const started = Date.now();
      try {
        await body({ page, bench });
      } catch (error) {
        await page.screenshot({ path: path.join(pictures, "failed.png") });
        console.log(`not ok - ${name}\n${error.stack}\n# ${nPassed} passed, 1 failed`);
        return 1;
      }
      nPassed += 1;
      console.log(`ok - ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    }
    console.log(`# ${nPassed} passed, 0 failed`);
    return 0;
  });
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
