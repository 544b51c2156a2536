// The code that the tests search: the fixture of the Neovim client, and what a page may stumble over.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { repository } from "./server.mjs";

export const EVIL_NAME = "<img src=x onerror=alert(1)>.py";
/** Functions in files of these names, as links to editors have them and as the page shows them. */
export const ODD_NAMES = {
  brew_coffee: { file: "caf%E9.py", shown: "caf\u{10dce9}.py" },
  pour_milk: { file: "evil%E2%80%AEgnp.py", shown: "evil\u{10202e}gnp.py" },
};
const COPY = (name, list) => `
def ${name}(${list}, rate):
    """Sum the prices of what was ordered, with the tax."""
    total = 0
    for item in ${list}:
        if item.count <= 0:
            continue
        price = item.price * item.count
        total += price - price * item.discount
    tax = total * rate
    return round(total + tax, 2)
`;

export function makeWorkspace(scratch) {
  const code = path.join(scratch, "code");
  const other = path.join(scratch, "other");
  fs.cpSync(path.join(repository, "clients/nvim/tests/fixture"), code, { recursive: true });
  const files = {
    "shop/invoice.py": COPY("invoice_total", "items"),
    "shop/basket.py": COPY("basket_total", "products"),
    [EVIL_NAME]: `def escape_markup(text):\n    """</script><script>alert(2)</script><b>bold</b>"""\n    return text.replace("<", "&lt;")\n`,
    "shop/latches.js": `${["openLatch", "closeLatch", "oilLatch"].map((name) => `export function ${name}() {}`).join(" ")}\n`,
    "data/blob.py": `TABLE = "start"\n\n\ndef look_up_blob(key):\n    """Find a value in the big table."""\n    return BIG[key]\n\n\nBIG = "${"x".repeat(5_000_000)}"\n`,
    "net/many.py": `from net.retry import fetch_with_retry


def fetch_all(urls):
    """Download a list of pages."""
    return [fetch_with_retry(url) for url in urls]
`,
    "net/mirror.py": `from net.many import fetch_all


def mirror(urls, folder):
    """Keep copies of some pages."""
    for page in fetch_all(urls):
        folder.write(page)


def _left_behind(value):
    return value
`,
    "tests/test_many.py": `from net.many import fetch_all


def test_fetch_all():
    assert fetch_all([]) == []
`,
    "data/notes.bin": "\0\0\0",
  };
  for (const [name, text] of Object.entries(files)) write(code, name, text);
  write(code, `long/${"l".repeat(200)}.py`, "def brew_tea(kettle):\n    return kettle\n");
  for (const [name, { file }] of Object.entries(ODD_NAMES)) {
    const path = Buffer.from(
      `${code}/names/${file.replace(/%(..)/g, (_, byte) => String.fromCharCode(parseInt(byte, 16)))}`,
      "latin1",
    );
    fs.mkdirSync(`${code}/names`, { recursive: true });
    fs.writeFileSync(path, `def ${name}(kettle):\n    return "\u202e" + kettle\n`);
  }
  execFileSync("git", ["init", "-q", code]);
  git(code, "add", "-A");
  git(code, "commit", "-qm", "first");
  write(
    other,
    "mail/send.py",
    'def send_mail(address, text):\n    """Deliver a message to a mailbox."""\n    return address, text\n',
  );
  return { code, other };
}

export function git(folder, ...args) {
  const author = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
  return execFileSync("git", ["-C", folder, ...author, ...args], { encoding: "utf8" });
}

export function write(folder, name, text) {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}
