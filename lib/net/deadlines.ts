/**
 * Time-outs of many things at once that all run for the same time, such as every connection's
 * wait. With one duration the order of starting is the order of ending, so nothing is sorted.
 *
 * @module
 */

/** Running time-outs by key. Times are milliseconds of one monotonic clock. */
export class Deadlines<Key> {
  readonly #durationMs: number;
  readonly #ends = new Map<Key, number>();
  /** The first entry, once it was asked for: finding it means passing over what was deleted. */
  #first: readonly [Key, number] | undefined;

  /** Each time-out runs for so many milliseconds. */
  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /** Number of time-outs that run. */
  get size(): number {
    return this.#ends.size;
  }

  /** When the first of them ends; undefined while none runs. */
  get next(): number | undefined {
    this.#first ??= this.#ends.entries().next().value;
    return this.#first?.[1];
  }

  /** Starts the key's time-out, anew if it runs already. */
  start(key: Key, now: number): void {
    this.cancel(key);
    this.#ends.set(key, now + this.#durationMs);
  }

  /** Ends the key's time-out before its time; harmless when none runs. */
  cancel(key: Key): void {
    this.#ends.delete(key);
    if (this.#first?.[0] === key) this.#first = undefined;
  }

  /** Ends all before their time. */
  clear(): void {
    this.#ends.clear();
    this.#first = undefined;
  }

  /** Takes out one after the other what has ended; what is cancelled meanwhile is left out. */
  *due(now: number): Generator<Key, void> {
    for (const [key, end] of this.#ends) {
      if (end > now) return;
      this.cancel(key);
      yield key;
    }
  }
}

/** The earliest of several times of which any may be missing. */
export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
