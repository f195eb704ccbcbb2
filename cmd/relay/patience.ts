/**
 * How long the user lets a program wait for somebody.
 *
 * @module
 */

import { MAX_TIMER_MS } from "../../lib/net/mod.ts";

/** A time of any length, after which a signal is aborted. */
export class Patience implements Disposable {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins at once. */
  constructor(milliseconds: number) {
    this.#wait(milliseconds);
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time is over. */
  get isOver(): boolean {
    return this.signal.aborted;
  }

  /** Somebody has come: the time does not matter any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(left: number): void {
    const now = Math.min(left, MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (left > now) this.#wait(left - now);
      else this.#controller.abort();
    }, now);
  }
}
