/** Keeps the values that were used last. */
export class LruCache<V> {
  private entries = new Map<string, V>();

  constructor(private readonly capacity: number, private readonly maxAgeSeconds: number) {}

  get(key: string): V | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) {
      this.entries.delete(key);
      this.entries.set(key, value);
    }
    return value;
  }

  /** Drop the entry that nobody asked for the longest. */
  evictOldest(): void {
    const oldest = this.entries.keys().next().value;
    this.entries.delete(oldest);
  }
}

/** Whether a cached value is older than it may live. */
export function isExpired(storedAt: number, now: number, maxAgeSeconds: number): boolean {
  return now - storedAt > maxAgeSeconds * 1000;
}
