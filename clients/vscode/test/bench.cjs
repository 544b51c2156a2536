// node bench.cjs PORT FOLDER RESULT PICTURES: measures the extension in the workbench that runs on PORT, over FOLDER.
// Writes RESULT (JSON). What is measured:
//
// keystroke   questions typed letter by letter: from the input event to the first change of the rows in the page. A
//             keystroke after which the list stays as it is for a second shows nothing, and is counted apart
// activation  what the workbench says of loading the code and of `activate`, each time in a new extension host
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { DEADLINE_MS, open, withBrowser } = require("./browser.cjs");
const { LIST, Workbench } = require("./workbench.cjs");

const QUESTIONS = [
  "retry a failed request",
  "parse command line arguments",
  "escape html characters",
  "connect to a database",
  "rotate a vector around an axis",
  "expire old keys",
  "merge two sorted lists",
  "resolve package dependencies",
  "unsubscribe from an observable",
  "format a floating point number",
];
const SECOND = 1000;
const ACTIVATIONS = 7;

async function keystrokes(page, bench) {
  const times = [];
  let nSilent = 0;
  for (const question of QUESTIONS) {
    await bench.find();
    for (const letter of question) {
      await page.evaluate((list) => {
        const rows = () => [...document.querySelectorAll(list)].map((row) => row.getAttribute("aria-label")).join("\n");
        const before = rows();
        window.measured = new Promise((resolve) => {
          const input = document.querySelector(".quick-input-widget input");
          input.addEventListener(
            "input",
            () => {
              const typed = performance.now();
              const observer = new MutationObserver(() => {
                if (rows() !== before && rows() !== "") {
                  observer.disconnect();
                  resolve(performance.now() - typed);
                }
              });
              const where = document.querySelector(".quick-input-list");
              observer.observe(where, { childList: true, subtree: true, attributes: true, characterData: true });
              setTimeout(() => resolve(undefined), 1000);
            },
            { once: true, capture: true },
          );
        });
      }, LIST);
      await page.keyboard.type(letter);
      const time = await page.evaluate(() => window.measured);
      if (time === undefined || time === null) nSilent += 1;
      else times.push(time);
    }
    await bench.press("Escape");
  }
  return { ...summary(times), without_change: nSilent };
}

async function activations(page, bench, url) {
  const times = [];
  for (let n = 0; n < ACTIVATIONS; n++) {
    await open(page, url);
    await bench.statusBar("semlens(?!:)");
    await bench.command("Developer: Show Running Extensions");
    const row = page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "semlens" });
    await row.waitFor();
    times.push(Number(/Activation: (\d+) ?ms/.exec(await row.innerText())[1]));
    await bench.press("Escape"); // it may be a dialog
  }
  return summary(times);
}

function summary(times) {
  const ordered = [...times].sort((a, b) => a - b);
  const at = (share) => Math.round(10 * ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))]) / 10;
  return { n: ordered.length, median_ms: at(0.5), p95_ms: at(0.95), max_ms: at(1) };
}

async function main() {
  const [port, folder, result, pictures] = process.argv.slice(2);
  await withBrowser(async (page) => {
    const bench = new Workbench(page, pictures);
    const url = `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`;
    page.setDefaultTimeout(900 * SECOND);
    await open(page, url);
    await bench.statusBar("Indexing.*files");
    await bench.picture("progress");
    await bench.statusBar("semlens(?!:)");
    page.setDefaultTimeout(DEADLINE_MS);
    const failed = async (error) => {
      await page.screenshot({ path: path.join(pictures, "failed.png") });
      throw error;
    };
    await keystrokes(page, bench); // warm
    const keystroke = await keystrokes(page, bench).catch(failed);
    console.log("keystroke to list", JSON.stringify(keystroke));
    const activation = await activations(page, bench, url).catch(failed);
    console.log("activation", JSON.stringify(activation));
    const machine = { cores: os.cpus().length, node: process.version, load: os.loadavg()[0] };
    fs.writeFileSync(result, `${JSON.stringify({ "keystroke to list": keystroke, activation, machine }, null, 2)}\n`);
  });
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
