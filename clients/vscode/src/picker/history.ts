// The queries of this window, newest first. For privacy they are kept in memory only.

const MAX_QUERIES = 30;

export class History {
  private readonly queries: string[] = [];

  add(query: string): void {
    const trimmed = query.trim();
    const at = this.queries.indexOf(trimmed);
    if (at >= 0) {
      this.queries.splice(at, 1);
    }
    if (trimmed !== "") {
      this.queries.unshift(trimmed);
      this.queries.length = Math.min(this.queries.length, MAX_QUERIES);
    }
  }

  get all(): readonly string[] {
    return this.queries;
  }

  get last(): string {
    return this.queries[0] ?? "";
  }
}
