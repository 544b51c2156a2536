// The questions of this window, newest first. They stay in memory: what somebody asks is nobody's business.

const MOST = 30;

export class History {
  private readonly questions: string[] = [];

  add(question: string): void {
    const trimmed = question.trim();
    const at = this.questions.indexOf(trimmed);
    if (at >= 0) {
      this.questions.splice(at, 1);
    }
    if (trimmed !== "") {
      this.questions.unshift(trimmed);
      this.questions.length = Math.min(this.questions.length, MOST);
    }
  }

  get all(): readonly string[] {
    return this.questions;
  }

  get last(): string {
    return this.questions[0] ?? "";
  }
}
