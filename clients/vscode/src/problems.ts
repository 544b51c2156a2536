// Shows errors as single notifications with actions. The window is a parameter, so that tests need no editor.

import { messageText, oneLine } from "./format";

export interface Action {
  readonly title: string;
  readonly run: () => unknown;
}

export interface Window {
  /** Shows a notification. VS Code replaces an earlier one with the same text. */
  readonly show: (message: string, ...titles: string[]) => Thenable<string | undefined>;
  readonly log: (message: string) => void;
  /** Calls back once, after a short delay. */
  readonly defer: (callback: () => void) => void;
}

export class Problems {
  private pendingMessages: string[] = [];

  constructor(
    private readonly window: Window,
    private readonly defaultActions: readonly Action[],
  ) {}

  /** Shows a problem and runs the action that the user chooses. */
  async show(problem: string, actions: readonly Action[] = []): Promise<void> {
    this.window.log(oneLine(problem));
    const all = [...actions, ...this.defaultActions];
    const answer = await this.window.show(messageText(problem), ...all.map((action) => action.title));
    await all.find((action) => action.title === answer)?.run();
  }

  /** Shows a message of the server. Messages that arrive within a short time become one notification. */
  showGrouped(message: string): void {
    this.pendingMessages.push(message);
    if (this.pendingMessages.length > 1) {
      return;
    }
    this.window.defer(() => {
      const [first, ...others] = this.pendingMessages;
      this.pendingMessages = [];
      for (const other of others) {
        this.window.log(oneLine(other));
      }
      void this.show(others.length > 0 ? `${first} (${others.length} more in the log)` : `${first}`);
    });
  }
}
