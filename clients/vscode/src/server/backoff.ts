// Decides when a lost shared server is started again, and whether it stays off. Holds no timer and reads no clock.

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 30_000;
/** A server that lived this long was healthy: the next delay is the first one again. */
const HEALTHY_MS = 60_000;
/** A server that ended sooner failed quickly. After so many quick failures in a row it stays off. */
const QUICK_MS = 10_000;
const MAX_QUICK_FAILURES = 5;

export class Backoff {
  private nextDelayMs = FIRST_DELAY_MS;
  private nQuickFailures = 0;

  /**
   * The server was lost. Returns the delay in milliseconds; undefined: it stays off, and the count begins again.
   *
   * :param lifeMs: how long it could take requests; 0: it did not start.
   */
  lost(lifeMs: number): number | undefined {
    this.nQuickFailures = lifeMs < QUICK_MS ? this.nQuickFailures + 1 : 0;
    if (this.nQuickFailures >= MAX_QUICK_FAILURES) {
      this.reset();
      return undefined;
    }
    const delayMs = lifeMs >= HEALTHY_MS ? FIRST_DELAY_MS : this.nextDelayMs;
    this.nextDelayMs = Math.min(2 * delayMs, MAX_DELAY_MS);
    return delayMs;
  }

  reset(): void {
    this.nextDelayMs = FIRST_DELAY_MS;
    this.nQuickFailures = 0;
  }
}
