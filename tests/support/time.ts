// Time that passes only when a test says so.

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

const systemSetTimeout = globalThis.setTimeout;

/** Lets everything that is ready run: promises, and the input and output that they wait for. */
export function settle(): Promise<void> {
  return new Promise((resolve) => systemSetTimeout(resolve, 0));
}

/**
 * Stands in for `setTimeout`, `clearTimeout` and `performance.now` until it is disposed of. Timers
 * behave as those of the runtime do, the limit of 2^31 - 1 ms included.
 */
export class FakeTime implements Disposable {
  readonly #system = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    now: performance.now,
  };
  readonly #timers = new Map<number, Timer>();
  #now: number;
  #lastId = 0;

  constructor(now = 1000) {
    this.#now = now;
    const set = (run: () => void, delay = 0) => {
      const id = ++this.#lastId;
      this.#timers.set(id, { at: this.#now + (delay > 0x7fffffff ? 1 : Math.max(0, delay)), run });
      return id;
    };
    const clear = (id: number | undefined) => {
      if (id !== undefined) this.#timers.delete(id);
    };
    globalThis.setTimeout = set as unknown as typeof setTimeout;
    globalThis.clearTimeout = clear as unknown as typeof clearTimeout;
    performance.now = this.now;
  }

  /** Milliseconds on this clock. */
  readonly now = (): number => this.#now;

  /** How long from now the timers that run will fire, the next one first. */
  get pending(): number[] {
    return [...this.#timers.values()].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Lets time pass; timers that are due fire in order, each at its own time. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let due = this.#next(end); due !== undefined; due = this.#next(end)) {
      const [id, timer] = due;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await settle();
    }
    this.#now = end;
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#system.setTimeout;
    globalThis.clearTimeout = this.#system.clearTimeout;
    performance.now = this.#system.now;
  }

  #next(end: number): [number, Timer] | undefined {
    return [...this.#timers]
      .filter(([, { at }]) => at <= end)
      .sort(([idA, a], [idB, b]) => a.at - b.at || idA - idB)[0];
  }
}
