/**
 * What waits to be carried out in one room, while its backend is offline too: bounded, the oldest
 * messages go first, and the number of those that went is kept to be told.
 *
 * @module
 */

import type { Content } from "../bodies/chat.ts";
import type { Place } from "./copies.ts";

/** Something to do in a room. */
export type Errand =
  /** The same `txn` again is the same message. */
  | {
    readonly type: "send";
    readonly txn: string;
    readonly content: Content;
    /** What it is a copy of; undefined for what the bridge says itself. */
    readonly original: Place | undefined;
  }
  | { readonly type: "edit"; readonly content: Content; readonly original: Place }
  | { readonly type: "remove"; readonly original: Place };

/** Most errands that wait for one room. */
export const MAX_ERRANDS = 200;
/** Most characters that wait for one room. */
export const MAX_ERRAND_CHARACTERS: number = 512 * 1024;

/** The queue of one room. */
export class Outgoing {
  #errands: Errand[] = [];
  #characters = 0;
  #dropped = 0;

  /** How many wait. */
  get length(): number {
    return this.#errands.length;
  }

  /** How many went and were not told of. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The next one. */
  get first(): Errand | undefined {
    return this.#errands[0];
  }

  /** Puts an errand at the end; returns how many had to go for it. */
  add(errand: Errand): number {
    this.#errands.push(errand);
    this.#characters += sizeOf(errand);
    let gone = 0;
    while (
      this.#errands.length > 1 &&
      (this.#errands.length > MAX_ERRANDS || this.#characters > MAX_ERRAND_CHARACTERS)
    ) {
      this.shift();
      gone++;
    }
    this.#dropped += gone;
    return gone;
  }

  /** Takes the first one away; it must still be this one if it is named. */
  shift(errand?: Errand): void {
    const [first] = this.#errands;
    if (first === undefined || (errand !== undefined && errand !== first)) return;
    this.#errands.shift();
    this.#characters -= sizeOf(first);
  }

  /** Takes those away that were told of. */
  confessed(dropped: number): void {
    this.#dropped -= dropped;
  }
}

function sizeOf(errand: Errand): number {
  return errand.type === "remove" ? 0 : JSON.stringify(errand.content).length;
}
