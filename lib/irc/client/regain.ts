/**
 * Getting the wanted nickname back, which somebody else had when we came.
 *
 * @module
 */

import type { ClientContext } from "./context.ts";

/** The attempts of one connection. */
export class Regain {
  readonly #context: ClientContext;
  readonly #wanted: string;
  /** When to try next; undefined if we have the name, or lost it for good. */
  #at: number | undefined;

  /** Nothing is to be done before the server has taken us in. */
  constructor(context: ClientContext, wanted: string) {
    this.#context = context;
    this.#wanted = wanted;
  }

  /** The server has taken us in under some name. */
  begin(): void {
    if (!this.#isWanted(this.#context.nick)) this.#wait();
  }

  /** Our name has changed. Who gave us another than the wanted one would do it again. */
  end(): void {
    this.#at = undefined;
  }

  /** Somebody gave up a name. */
  freed(nick: string | undefined): void {
    if (this.#at !== undefined && nick !== undefined && this.#isWanted(nick)) this.#try();
  }

  /** Tries when it is time. */
  tick(): void {
    if (this.#at !== undefined && this.#context.now >= this.#at) this.#try();
  }

  /** When {@linkcode Regain.tick} has something to do. */
  get wakeAt(): number | undefined {
    return this.#at;
  }

  #try(): void {
    if (this.#isWanted(this.#context.nick)) return this.end(); // what is left of it, we know by now
    this.#wait();
    if (this.#context.queue.isFree(this.#context.now)) this.#context.sendNow("NICK", this.#wanted);
  }

  #wait(): void {
    this.#at = this.#context.now + this.#context.times.regainMs;
  }

  /** Whether it is the wanted name, or what the server leaves of one that is too long. */
  #isWanted(nick: string): boolean {
    const [is, wanted] = [this.#context.fold(nick), this.#context.fold(this.#wanted)];
    const cut = nick.length >= this.#context.isupport.nickLength && wanted.startsWith(is);
    return cut || is === wanted;
  }
}
