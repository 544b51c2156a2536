// node record.cjs PORT FOLDER FRAMES: uses the extension in the workbench on PORT, and keeps what it shows as
// FRAMES/NUMBER-MILLISECONDS.png for release/animate.py.
const fs = require("node:fs");
const path = require("node:path");
const { open, withBrowser } = require("./browser.cjs");
const { Workbench } = require("./workbench.cjs");

const [port, folder, frames] = process.argv.slice(2);
const QUESTION = "delete the oldest log files";

async function main(page) {
  let nFrames = 0;
  fs.mkdirSync(frames, { recursive: true });
  const frame = async (milliseconds) => {
    await page.waitForTimeout(700); // the list and the preview have settled
    nFrames += 1;
    const name = `${String(nFrames).padStart(3, "0")}-${milliseconds}.png`;
    await page.screenshot({ path: path.join(frames, name), caret: "hide", animations: "disabled" });
  };
  const bench = new Workbench(page, frames);
  await page.setViewportSize({ width: 960, height: 600 });
  await open(page, `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
  await page.waitForSelector(".explorer-folders-view .monaco-list-row");
  await bench.statusBar("semlens(?!:)");
  await frame(1000);
  await bench.press("Control+k");
  await bench.press("Control+n");
  await page.waitForSelector('.quick-input-widget input[placeholder^="Describe"]');
  await frame(800);
  for (let start = 0; start < QUESTION.length; start += 3) {
    await page.keyboard.type(QUESTION.slice(start, start + 3), { delay: 15 });
    await frame(180);
  }
  await bench.firstRow("getFilesToDelete");
  await frame(2500);
  await bench.moveDown();
  await frame(1500);
  await bench.press("ArrowUp");
  await bench.firstRow("getFilesToDelete");
  await frame(500);
  await bench.press("Enter");
  await bench.tab("handlers.py");
  await frame(2400);
}

withBrowser(main).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
