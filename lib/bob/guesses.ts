/**
 * How often strangers may try passwords (bob protocol, section 10, item 15). Whoever has got a
 * validator can test one password with it and need not say what came of it, so a guess counts as
 * spent from that moment, and is given back only when the other side proves to know the password.
 *
 * @module
 */

/** For a generated password of 44 bits: a chance of 2^-32 that one of the guesses is right. */
export const GUESSES_FOR_GENERATED = 4096;
/** For a password that a person chose, which may be one of a few thousand. */
export const GUESSES_FOR_CHOSEN = 32;
/** What one peer may spend on one connection; an honest one needs a single guess. */
export const MAX_GUESSES_PER_PEER = 8;

/** The guesses of one password; outlives connections, because the password does. */
export class GuessBudget {
  readonly #most: number;
  #spent = 0;

  /** At most `most` guesses, a whole number from 1. */
  constructor(most: number) {
    if (!Number.isSafeInteger(most) || most < 1) {
      throw new RangeError(`Cannot allow ${most} guesses: a whole number from 1 is needed`);
    }
    this.#most = most;
  }

  /** Guesses that have been spent and not given back. */
  get spent(): number {
    return this.#spent;
  }

  /** Guesses that are left. */
  get left(): number {
    return this.#most - this.#spent;
  }

  /** Spends one, or gives false when none is left. */
  spend(): boolean {
    if (this.left === 0) return false;
    this.#spent += 1;
    return true;
  }

  /** Takes the last one back: it was no guess. */
  giveBack(): void {
    if (this.#spent === 0) throw new Error("Cannot give a guess back: none is spent");
    this.#spent -= 1;
  }
}

/** Who spent what on one connection. */
export class GuessLedger {
  readonly #budget: GuessBudget;
  readonly #byUid = new Map<number, number>();

  /** The budget is shared with other connections, the count per peer is not. */
  constructor(budget: GuessBudget) {
    this.#budget = budget;
  }

  /** Spends a guess of this peer: `ignored` when it has had its share, `used-up` when all have. */
  spend(uid: number): "spent" | "ignored" | "used-up" {
    const spent = this.#byUid.get(uid) ?? 0;
    if (spent >= MAX_GUESSES_PER_PEER) return "ignored";
    if (!this.#budget.spend()) return "used-up";
    this.#byUid.set(uid, spent + 1);
    return "spent";
  }

  /** The peer has proved to know the password. */
  giveBack(uid: number): void {
    this.#budget.giveBack();
    const spent = (this.#byUid.get(uid) ?? 0) - 1;
    if (spent > 0) this.#byUid.set(uid, spent);
    else this.#byUid.delete(uid);
  }

  /** No validator was handed out. The peer has wasted our time, so its own share stays smaller. */
  cancel(): void {
    this.#budget.giveBack();
  }

  /** The peer is gone and its uid may come to another; what it spent stays spent. */
  forget(uid: number): void {
    this.#byUid.delete(uid);
  }
}
