/**
 * Delays between attempts: doubled each time, with jitter, so that many programs which lost one
 * server do not come back at the same moment.
 *
 * @module
 */

const FIRST_MS = 1_000;
const MOST_MS = 30_000;
/** Each delay is shortened by up to this share. */
const JITTER = 0.2;

/** The delays of one series of attempts. */
export class Backoff {
  readonly #random: () => number;
  #next = FIRST_MS;

  /** Jitter comes from `random`, which gives numbers from 0 to below 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const delay = this.#next * (1 - JITTER * this.#random());
    this.#next = Math.min(MOST_MS, this.#next * 2);
    return delay;
  }

  /** An attempt was successful. */
  reset(): void {
    this.#next = FIRST_MS;
  }
}
