// node inhost.cjs PORT KIND TARGET TESTS: runs TESTS (dist/host/*.js) in the extension host of the workbench on PORT,
// with the extension of this folder. KIND is folder or workspace, TARGET its path.
const assert = require("node:assert/strict");
const path = require("node:path");
const { open, withBrowser } = require("./browser.cjs");

const DEADLINE_MS = 1_800_000;

async function main() {
  const [port, kind, target, tests] = process.argv.slice(2);
  const authority = `127.0.0.1:${port}`;
  const uri = (file) => `vscode-remote://${authority}${file}`;
  const payload = JSON.stringify([
    ["extensionDevelopmentPath", uri(path.dirname(__dirname))],
    ["extensionTestsPath", uri(path.resolve(tests))],
    ["skipWelcome", "true"],
    ["skipReleaseNotes", "true"],
  ]);
  return withBrowser(async (page, outside) => {
    const finished = new Promise((resolve) => page.exposeFunction("codeAutomationExit", resolve));
    await page.exposeFunction("codeAutomationLog", (_type, args) => {
      const text = args.map(String).join(" ");
      const line = /(?:^|\s)((?:not )?ok - [\s\S]*|# [\s\S]*)/.exec(text);
      if (line) console.log(line[1].replace(/%c|color: ?\w*/g, "").trim());
      else if (process.env.VERBOSE) console.log(text.slice(0, 400));
    });
    await open(
      page,
      `http://${authority}/?${kind}=${encodeURIComponent(target)}&payload=${encodeURIComponent(payload)}`,
    );
    const late = new Promise((resolve) => setTimeout(resolve, DEADLINE_MS, "timeout").unref());
    const code = await Promise.race([finished, late]);
    if (code === "timeout") console.log(`not ok - the tests did not end within ${DEADLINE_MS / 60_000} minutes`);
    if (code !== 0) {
      await page.screenshot({ path: path.join(process.env.PICTURES ?? ".", `failed-${path.basename(tests)}.png`) });
    }
    assert.deepEqual(outside(), [], "hosts that the workbench asked");
    return code;
  });
}

main().then(
  (code) => process.exit(code === 0 ? 0 : 1),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
