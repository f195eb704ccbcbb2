/**
 * How many lines the core logs about what others do: who may cause them must not fill its log.
 *
 * @module
 */

const WINDOW_MS = 1_000;

/** Lines a second of one cause. */
export class LineBudget {
  readonly #most: number;
  #windowStart = -Infinity;
  #count = 0;

  /** At most so many lines a second. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Whether a line may be logged now; `leftOut` is the number of those that were not, told with the
   * first that is.
   */
  take(now: number): { readonly admitted: boolean; readonly leftOut: number } {
    let leftOut = 0;
    if (now - this.#windowStart >= WINDOW_MS) {
      leftOut = Math.max(0, this.#count - this.#most);
      this.#windowStart = now;
      this.#count = 0;
    }
    this.#count++;
    return { admitted: this.#count <= this.#most, leftOut };
  }
}

/** The line that tells of others that were left out. */
export function describeLeftOut(count: number): string {
  return `Lines left out: ${count}`;
}
