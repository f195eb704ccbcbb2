/**
 * What stages of both kinds do alike: programs that points start are ended after each, and one open
 * session is shared as long as it is healthy.
 *
 * @module
 */

import type { Manner, Side, SidePlay, SideStage } from "./side.ts";

/** A shared session ends before ids need more than a byte: points write some by hand. */
const LAST_SHORT_ID = 96;

/** A program under test that runs; `P` plays the other side of its connection. */
export abstract class StageBase<T extends AsyncDisposable, P extends Side & { readonly trial: T }>
  implements SideStage {
  /** How to talk to the program under test. */
  readonly manner: Manner;
  readonly #trials = new Set<T>();
  #shared: P | undefined;
  #over = false;

  /** Starts nothing yet. */
  constructor(manner: Manner) {
    this.manner = manner;
  }

  /** A program with an open session of its own. */
  abstract open(play?: SidePlay): Promise<P>;

  /** The open session of several points: for what leaves no trace if it goes well. */
  async shared(): Promise<P> {
    const { ended = false } = this.#shared?.line ?? {};
    if (ended || (this.#shared?.nextId ?? 0) >= LAST_SHORT_ID) await this.drop();
    if (this.#shared === undefined) {
      const player = await this.open();
      this.#trials.delete(player.trial);
      this.#shared = player;
    }
    return this.#shared;
  }

  /** Ends what the last point left. */
  async clear(): Promise<void> {
    const trials = [...this.#trials];
    this.#trials.clear();
    await Promise.all(trials.map((trial) => trial[Symbol.asyncDispose]()));
  }

  /** Ends the shared session: a point has failed, nobody knows what it left. */
  async drop(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    await shared?.trial[Symbol.asyncDispose]();
  }

  /** Ends all. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await Promise.all([this.clear(), this.drop()]);
  }

  /** Keeps what was started, so that it is ended in any case. */
  protected async keep(starting: () => Promise<T>): Promise<T> {
    if (this.#over) throw new TypeError("Cannot start a program: the stage is over");
    const trial = await starting();
    this.#trials.add(trial);
    return trial;
  }
}
