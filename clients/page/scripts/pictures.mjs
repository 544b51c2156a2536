// Makes the pictures of docs/page.md: node clients/page/scripts/pictures.mjs
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { launch } from "../test/e2e/browser.mjs";
import { repository, scratchFolder, Server } from "../test/e2e/server.mjs";
import { git } from "../test/e2e/workspace.mjs";

const TARGET = path.join(repository, "docs/pictures");
const WIDE = [1200, 750];
const lineOf = (file, start) =>
  fs
    .readFileSync(path.join(repository, file), "utf8")
    .split("\n")
    .findIndex((line) => line.startsWith(start)) + 1;
const PICTURES = [
  { name: "search", size: WIDE, theme: "light", hash: "#/search?q=try+again+after+a+failure", wait: ".t-k" },
  { name: "search-dark", size: WIDE, theme: "dark", hash: "#/search?q=mask+secrets&kind=function", wait: ".t-k" },
  {
    name: "similar",
    size: WIDE,
    theme: "light",
    hash: "#/search?q=mask+secrets",
    wait: ".t-k",
    keys: ["ArrowDown", "s"],
    then: ".origin-name",
  },
  {
    name: "graph",
    size: WIDE,
    theme: "light",
    hash: `#/graph?of=server%2Fsemlens%2Fgraph%2Fimpact.py%3A${lineOf("server/semlens/graph/impact.py", "def impact_of(")}&steps=2`,
    wait: ".graph-box",
  },
  { name: "changes", size: WIDE, theme: "light", hash: "#/changes", wait: ".section" },
  { name: "folders", size: WIDE, theme: "light", hash: "#/folders", wait: ".tile" },
  { name: "duplicates", size: WIDE, theme: "dark", hash: "#/duplicates", wait: ".diff-row" },
  { name: "map", size: WIDE, theme: "light", hash: "#/map?q=mask+secrets&colour=folder", wait: ".labels button" },
  { name: "index", size: WIDE, theme: "light", hash: "#/index", wait: ".tiers" },
  { name: "narrow", size: [360, 640], theme: "light", hash: "#/search?q=try+again+after+a+failure", wait: ".hit-row" },
];

const server = new Server(scratchFolder());
const root = path.join(server.scratch, "semlens");
for (const part of ["server/semlens", "clients/nvim", "clients/vscode/src", "tests/unit/graph", "tests/unit/engine"]) {
  const copied = (source) =>
    !source.includes("__pycache__") && source !== path.join(repository, "server/semlens/http/page");
  fs.cpSync(path.join(repository, part), path.join(root, part), { recursive: true, filter: copied });
}
// a change that is not committed
execFileSync("git", ["init", "-q", root]);
git(root, "add", "-A");
git(root, "commit", "-qm", "first");
const changedFile = path.join(root, "server/semlens/graph/impact.py");
fs.writeFileSync(
  changedFile,
  fs.readFileSync(changedFile, "utf8").replace("n_expanded = 0", "n_expanded = 0  # so far"),
);
server.environment.SEMLENS_USER_SETTINGS = JSON.stringify({ models: { refine: "none" } });
let seen;
try {
  await server.start("-w", root, "--port", "0");
  seen = await launch();
  const page = await seen.context.newPage();
  await page.goto(server.link);
  await page.waitForFunction(() => document.querySelector(".pill")?.textContent.includes("Ready"));
  for (const { name, size, theme, hash, wait, keys = [], then } of PICTURES) {
    await page.setViewportSize({ width: size[0], height: size[1] });
    await page.emulateMedia({ colorScheme: theme });
    await page.goto("about:blank");
    await page.goto(`${server.origin}/${hash}`);
    await page.locator(wait).first().waitFor();
    for (const key of keys) await page.keyboard.press(key);
    if (then) await page.locator(then).first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(1000); // colours and fonts
    await page.screenshot({ path: path.join(TARGET, `page-${name}.png`) });
  }
} finally {
  await seen?.browser.close();
  await server.stop();
}
