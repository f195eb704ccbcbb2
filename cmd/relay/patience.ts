/**
 * How long the user lets a program wait for somebody.
 *
 * @module
 */

import { MAX_TIMER_MS } from "../../lib/net/mod.ts";

/** A time of any length in which nobody comes, after which a signal is aborted. */
export class Patience implements Disposable {
  readonly #milliseconds: number;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins at once. */
  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.begin();
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time is over. */
  get isOver(): boolean {
    return this.signal.aborted;
  }

  /** Nobody is there: the whole time counts from now on, unless it does already. */
  begin(): void {
    if (this.#timer === undefined) this.#wait(this.#milliseconds);
  }

  /** Somebody has come: no time counts until {@linkcode Patience.begin}. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.rest();
  }

  #wait(left: number): void {
    const now = Math.min(left, MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (left > now) this.#wait(left - now);
      else this.#controller.abort();
    }, now);
  }
}
