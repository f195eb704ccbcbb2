/**
 * Keeps busy loops from having the event loop for themselves. A read or a write that can be done at
 * once is done without a turn of the event loop, so a loop whose ends are always ready would hardly
 * ever let it look at anything else: connections beside 50 busy pairs waited for seconds, and Ctrl-C
 * for the end of a large file.
 *
 * @module
 */

/** For so long all busy loops together may go on; anybody else waits for about twice as long. */
const SHARE_MS = 5;

/**
 * The share of time that some loops have together. A timer is set when the share begins. If it
 * fires in time, the event loop had a turn by itself. If it is late, it had none, and all wait for
 * the timer: the loop has nothing else to do then and looks at everything.
 */
export class Pace {
  #loops = 0;
  #end = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #breath: PromiseWithResolvers<void> | undefined;

  /** A loop begins; disposing of what this returns ends it. Loops may be within others. */
  enter(): Disposable {
    this.#loops++;
    return { [Symbol.dispose]: () => this.#leave() };
  }

  /** Whether the share is used up: then the loop must {@linkcode Pace.rest} and ask again. */
  isUsedUp(): boolean {
    const now = performance.now();
    if (this.#breath !== undefined) return now >= this.#end;
    this.#begin(now);
    return false;
  }

  /**
   * Waits until another share begins. Of those who wait the first may use up that one too, so each
   * asks again at once before it goes on; then those who have waited longest come first.
   */
  rest(): Promise<void> {
    return this.#breath?.promise ?? Promise.resolve();
  }

  #leave(): void {
    this.#loops--;
    if (this.#loops > 0) return;
    clearTimeout(this.#timer);
    this.#breath = undefined;
  }

  #begin(now: number): void {
    const breath = Promise.withResolvers<void>();
    this.#breath = breath;
    this.#end = now + SHARE_MS;
    this.#timer = setTimeout(() => {
      this.#breath = undefined;
      breath.resolve();
    }, SHARE_MS);
  }
}

/** That of this process, which has one event loop. */
export const PACE = new Pace();
