// A headless chromium on a workbench, which keeps account of who is asked for anything.
const { chromium } = require("playwright-core");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const DEADLINE_MS = Number(process.env.DEADLINE_MS ?? 120_000);
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** `use(page)` with a new, empty profile. `outside()` has the hosts other than loopback that the page asked. */
async function withBrowser(use) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "semlens-chromium-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    args: FLAGS,
  });
  const hosts = new Set();
  browser.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && hostname !== "127.0.0.1" && hostname !== "localhost") hosts.add(hostname);
  });
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(DEADLINE_MS);
  try {
    return await use(page, () => [...hosts]);
  } finally {
    await browser.close();
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The workbench refuses connections while it starts. */
async function open(page, url) {
  for (const until = Date.now() + DEADLINE_MS; ;) {
    try {
      await page.goto(url);
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

module.exports = { DEADLINE_MS, open, withBrowser };
