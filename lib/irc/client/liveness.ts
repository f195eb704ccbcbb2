/**
 * Whether the server is still there: silence is broken by a ping, and lasting silence is the end.
 *
 * @module
 */

import { IrcFault } from "../fault.ts";
import type { ClientContext } from "./context.ts";

/** The signs of life of one connection. */
export class Liveness {
  readonly #context: ClientContext;
  #heard: number;
  #asked = false;

  /** The connection has just been made. */
  constructor(context: ClientContext) {
    this.#context = context;
    this.#heard = context.now;
  }

  /** Something came. */
  heard(): void {
    this.#heard = this.#context.now;
    this.#asked = false;
  }

  /** Asks, or gives up. @throws {IrcFault} `dead`. */
  tick(): void {
    const { now } = this.#context;
    if (now < this.wakeAt) return;
    if (this.#asked) {
      const seconds = Math.round((now - this.#heard) / 1000);
      throw new IrcFault("dead", `Lost the server: nothing came from it for ${seconds} s`);
    }
    this.#asked = true;
    this.#context.sendNow("PING", "alive");
  }

  /** When {@linkcode Liveness.tick} has something to do. */
  get wakeAt(): number {
    const { pingMs, pongMs } = this.#context.times;
    return this.#heard + pingMs + (this.#asked ? pongMs : 0);
  }
}
