// What goes wrong, told once: one notification with an action, never a storm. Pure: the window is handed in.

import { messageText, oneLine } from "./words";

export interface Action {
  readonly title: string;
  readonly run: () => unknown;
}

export interface Window {
  /** Shows a notification; one with the same text replaces the one before, as VS Code does it. */
  readonly show: (message: string, ...titles: string[]) => Thenable<string | undefined>;
  readonly log: (message: string) => void;
  /** Calls back once, after a moment. */
  readonly later: (callback: () => void) => void;
}

export class Problems {
  private gathered: string[] = [];

  constructor(
    private readonly window: Window,
    private readonly usual: readonly Action[],
  ) {}

  /** Shows a problem and runs the action that the user takes. */
  async tell(problem: string, actions: readonly Action[] = []): Promise<void> {
    this.window.log(oneLine(problem));
    const all = [...actions, ...this.usual];
    const answer = await this.window.show(messageText(problem), ...all.map((action) => action.title));
    await all.find((action) => action.title === answer)?.run();
  }

  /** Takes a sentence of the server; what comes at about the same time is told as one. */
  gather(sentence: string): void {
    this.gathered.push(sentence);
    if (this.gathered.length > 1) {
      return;
    }
    this.window.later(() => {
      const [first, ...others] = this.gathered;
      this.gathered = [];
      for (const other of others) {
        this.window.log(oneLine(other));
      }
      void this.tell(others.length > 0 ? `${first} (${others.length} more in the log)` : `${first}`);
    });
  }
}
