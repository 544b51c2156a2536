// The page of `semlens http` in Chromium: key to painted results, first paint, size of the first load, frames of the map.
//
//     node bench/page.mjs S|M [--cache DIR]     prints JSON; --cache keeps the index for another run
//
// Drawing is by software, as a headless machine has no graphics processor. The map of 160,000 points is made up.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { launch } from "../clients/page/test/e2e/browser.mjs";
import { mapAnswers } from "../clients/page/test/e2e/map-answers.mjs";
import {
  repository,
  scratchFolder,
  Server,
} from "../clients/page/test/e2e/server.mjs";

const QUESTIONS = [
  "retry a request after a timeout",
  "parse command line arguments",
  "where is the cache invalidated",
  "read_csv",
  "escape html in a template",
];
const PAUSE_MS = 130; // between keys, as of a quick typist
const LOADS = 15;
const POINTS = 160_000;

const [corpus = "S", ...options] = process.argv.slice(2);
const folder = execFileSync(
  path.join(repository, ".venv/bin/python"),
  ["bench/corpora.py", corpus],
  { cwd: repository, encoding: "utf8" },
).trim();
const load = os.loadavg()[0];
const server = new Server(scratchFolder());
if (options[0] === "--cache")
  server.environment.SEMLENS_CACHE_DIR = path.resolve(options[1]);
server.environment.SEMLENS_USER_SETTINGS = JSON.stringify({
  models: { refine: "none" },
});
let seen;
try {
  await server.start("-w", folder, "--port", "0");
  seen = await launch();
  const page = await seen.context.newPage();
  await page.goto(server.link);
  await page.waitForFunction(
    () => document.querySelector(".pill")?.textContent.includes("Ready"),
    null,
    { timeout: 3_600_000 },
  );
  const symbols = await page.locator(".pill").innerText();
  const result = {
    corpus,
    symbols: Number(symbols.replace(/\D/g, "")),
    key_to_painted_results: await typing(page),
    first_paint: await loads(),
    map: await frames(),
    machine: {
      cores: os.cpus().length,
      node: process.versions.node,
      chromium: seen.browser.version(),
      load_at_start: Number(load.toFixed(1)),
    },
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  await seen?.browser.close();
  await server.stop();
}

async function typing(page) {
  await page.evaluate(() => {
    window.painted = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntriesByName("semlens.results"))
        window.painted.push(entry.duration);
    }).observe({ entryTypes: ["measure"] });
  });
  let keys = 0;
  for (const round of [0, 1]) {
    if (round === 1) await page.evaluate(() => (window.painted = [])); // the first round warms up
    keys = 0;
    for (const question of QUESTIONS) {
      await page.locator("#query").fill("");
      for (const letter of question) {
        await page.keyboard.press(letter === " " ? "Space" : letter);
        await page.waitForTimeout(PAUSE_MS);
        keys++;
      }
      await page.waitForTimeout(500);
    }
  }
  const times = await page.evaluate(() => window.painted);
  return { keys, painted: times.length, ...spread(times) };
}

async function loads() {
  const times = [];
  let bytes = 0;
  for (let number = 0; number < LOADS; number++) {
    const page = await seen.context.newPage();
    const session = await seen.context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    let received = 0;
    session.on(
      "Network.loadingFinished",
      ({ encodedDataLength }) => (received += encodedDataLength),
    );
    await page.goto(server.origin);
    await page.locator("#query").waitFor();
    await page.waitForFunction(
      () => performance.getEntriesByName("first-contentful-paint").length > 0,
    );
    times.push(
      await page.evaluate(
        () =>
          performance.getEntriesByName("first-contentful-paint")[0].startTime,
      ),
    );
    await page.waitForTimeout(300);
    bytes = Math.max(bytes, received);
    await page.close();
  }
  return { ...spread(times), load_kb: Math.round(bytes / 1000) };
}

async function frames() {
  const page = await seen.context.newPage();
  await mapAnswers(page, folder, POINTS);
  await page.goto(`${server.origin}/#/map`);
  await page.locator(".labels button").first().waitFor();
  const box = await page.locator(".plot canvas").boundingBox();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(...middle);
  await page.mouse.down();
  await page.evaluate(() => {
    window.frames = 0;
    const count = () => (window.frames++, requestAnimationFrame(count));
    requestAnimationFrame(count);
  });
  const start = Date.now();
  for (let step = 0; Date.now() - start < 4000; step++)
    await page.mouse.move(
      middle[0] + 80 * Math.sin(step / 9),
      middle[1] + 60 * Math.cos(step / 7),
    );
  const frames = await page.evaluate(() => window.frames);
  const seconds = (Date.now() - start) / 1000;
  await page.mouse.up();
  await page.close();
  return {
    points: POINTS,
    frames_per_s: Number((frames / seconds).toFixed(1)),
    drawn_by: "software",
  };
}

function spread(times) {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share) =>
    Number(
      (
        sorted[
          Math.min(sorted.length - 1, Math.floor(share * sorted.length))
        ] ?? NaN
      ).toFixed(1),
    );
  return { median_ms: at(0.5), p95_ms: at(0.95), max_ms: at(1) };
}
