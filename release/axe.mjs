// axe.mjs FOLDER: let axe judge every page of a site in both palettes; exit code 1 if it finds something.
// axe-core and playwright-core are those of clients/page.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(resolve("clients/page/package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const folder = resolve(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
let found = 0;
for (const colorScheme of ["light", "dark"]) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } });
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".html") && file !== "404.html")) {
    const page = await context.newPage();
    await page.goto(pathToFileURL(resolve(folder, name)).href);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const { id, help, nodes } of violations) {
      found += 1;
      console.error(`${name} (${colorScheme}): ${id}: ${help}`);
      for (const node of nodes.slice(0, 2)) console.error(`    ${node.html.slice(0, 160)}`);
    }
    await page.close();
  }
  await context.close();
}
await browser.close();
console.log(found ? `axe found ${found} faults` : "axe found nothing");
process.exit(found ? 1 : 0);
