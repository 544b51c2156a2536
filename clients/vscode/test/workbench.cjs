// A workbench in a page, by what a person sees and presses. Waits are on states, with deadlines.
const path = require("node:path");
const { DEADLINE_MS } = require("./browser.cjs");

const LIST = ".quick-input-list .monaco-list-row";
const INPUT = ".quick-input-widget input";

class Workbench {
  constructor(page, pictures) {
    this.page = page;
    this.pictures = pictures;
  }

  picture(name) {
    return this.page.screenshot({ path: path.join(this.pictures, `vscode-${name}.png`) });
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  /** Waits for a text in an element, given as a regular expression's source. */
  see(selector, pattern) {
    return this.page.waitForFunction(
      ([where, text]) => [...document.querySelectorAll(where)].some((one) => new RegExp(text).test(one.innerText)),
      [selector, pattern],
    );
  }

  statusBar(pattern) {
    return this.see(".statusbar", pattern);
  }

  tab(name) {
    return this.page.waitForSelector(`.tab.active >> text=${name}`);
  }

  rows() {
    return this.page.$$eval(LIST, (found) => found.map((row) => row.getAttribute("aria-label")));
  }

  firstRow(...texts) {
    return this.page.waitForFunction(
      ([list, ...wanted]) => {
        const row = document.querySelector(list)?.getAttribute("aria-label") ?? "";
        return wanted.every((text) => row.includes(text));
      },
      [LIST, ...texts],
    );
  }

  /** Waits until all rows are such. */
  allRows(pattern) {
    return this.page.waitForFunction(
      ([list, wanted]) => {
        const rows = [...document.querySelectorAll(list)].map((row) => row.getAttribute("aria-label") ?? "");
        return rows.length > 0 && rows.every((row) => new RegExp(wanted).test(row));
      },
      [LIST, pattern],
    );
  }

  /** Closes the list, and waits until the next one cannot be mistaken for it. */
  async escape() {
    await this.press("Escape");
    await this.page.waitForFunction(() => {
      const widget = document.querySelector(".quick-input-widget");
      return widget === null || widget.style.display === "none";
    });
  }

  /** Presses Escape in the list, and waits until this file has the keyboard. */
  async escapeTo(file) {
    await this.press("Escape");
    await this.page.waitForFunction((name) => {
      const widget = document.querySelector(".quick-input-widget");
      const editor = document.activeElement?.closest(".monaco-editor");
      const isClosed = widget === null || widget.inert || widget.style.display === "none";
      return isClosed && editor?.getAttribute("data-uri")?.endsWith(`/${name}`);
    }, file);
  }

  /** Runs a command by its title in the palette. */
  async command(title) {
    await this.press("F1");
    await this.page.waitForSelector(INPUT);
    // A page such as the walkthrough keeps the keyboard for a moment, and takes the first letters.
    await this.page.waitForFunction(() => document.activeElement?.closest(".quick-input-widget"));
    await this.page.keyboard.type(title);
    await this.firstRow(title); // no other is taken by Enter
    await this.press("Enter");
  }

  /** Opens the picker, empty. */
  async find() {
    await this.command("semlens: Find Code by Meaning");
    await this.page.waitForSelector('.quick-input-widget input[placeholder^="Describe"]');
  }

  async ask(question) {
    await this.find();
    await this.page.keyboard.type(question, { delay: 15 });
  }

  /** Moves to another row than the first, and waits until its file is shown. An answer that still comes may undo a move. */
  async moveDown() {
    for (const until = Date.now() + DEADLINE_MS; Date.now() < until;) {
      const { row, isFirst, tab } = await this.page.evaluate((list) => {
        const focused = document.querySelector(`${list}.focused`);
        const isFirst = focused === null || focused === document.querySelector(list);
        const tab = document.querySelector(".tab.active")?.getAttribute("aria-label") ?? "";
        return { row: focused?.getAttribute("aria-label") ?? "", isFirst, tab };
      }, LIST);
      const file = /([^/\s]+):\d+/.exec(row)?.[1];
      if (!isFirst && tab.startsWith(file)) return;
      if (isFirst) await this.press("ArrowDown");
      await this.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    }
    throw new Error("still waiting: the preview of another row than the first");
  }

  question() {
    return this.page.$eval(INPUT, (input) => input.value);
  }

  async questionIs(text) {
    await this.page.waitForFunction(
      ([input, wanted]) => document.querySelector(input)?.value === wanted,
      [INPUT, text],
    );
  }

  pressButton(name) {
    return this.page.click(`.quick-input-widget [aria-label="${name}"]`);
  }

  async closeEditors() {
    await this.command("View: Close All Editors");
    await this.page.waitForSelector(".tab", { state: "detached" });
  }

  /** Waits for such a text in the clipboard. */
  clipboard(pattern) {
    return this.page.waitForFunction(
      async (text) => new RegExp(text).test(await navigator.clipboard.readText()),
      pattern,
    );
  }
}

module.exports = { LIST, Workbench };
