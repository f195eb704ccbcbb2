/**
 * Nicknames to try, one after the other, until the server takes one.
 *
 * @module
 */

import { LEAST_NICK_LENGTH } from "../constants.ts";
import { IrcFault } from "../fault.ts";

/** Tries before giving up: the wanted name, three like it, then some with random digits. */
const MOST_TRIES = 12;

/** The nicknames of one connection. */
export class NickChoice {
  readonly #wanted: string;
  readonly #random: () => number;
  #tries = 1;

  /** Starts with the wanted one. */
  constructor(wanted: string, random: () => number) {
    this.#wanted = wanted;
    this.#random = random;
  }

  /**
   * The next one after a refusal.
   *
   * @param forbidden Whether the last one was not allowed, rather than taken: then a shorter one is tried.
   * @throws {IrcFault} `nick` when it is time to give up.
   */
  next(forbidden: boolean): string {
    if (++this.#tries > MOST_TRIES) {
      throw new IrcFault("nick", `Cannot get a nickname: "${this.#wanted}" and others are refused`);
    }
    const most = forbidden ? LEAST_NICK_LENGTH : Infinity;
    if (!forbidden && this.#tries <= 4) return `${this.#wanted}${"_".repeat(this.#tries - 1)}`;
    const digits = String(Math.floor(this.#random() * 10_000)).padStart(4, "0");
    return `${this.#wanted.slice(0, Math.min(most - digits.length, 24))}${digits}`;
  }
}
