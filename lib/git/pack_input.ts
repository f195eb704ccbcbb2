/**
 * The bytes of a pack as the reader sees them: a window on chunks that arrive, with the SHA-1 of
 * all that was taken.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concat } from "@std/bytes/concat";
import { GitFault } from "./fault.ts";

/** Reads ahead by one chunk only, so that nobody waits for bytes that will not come. */
export class PackInput {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #hash = createHash("sha1");
  #view: Uint8Array = new Uint8Array();
  #offset = 0;

  /** A chunk is used until the next one is asked for; then its buffer may be reused. */
  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The bytes that are there and not yet taken; valid until the next call of `more`. */
  get view(): Uint8Array {
    return this.#view;
  }

  /** Position of the view's first byte in the pack. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Waits until the view is longer than it is.
   *
   * @throws {GitFault} `truncated` at the end of the source.
   */
  async more(): Promise<void> {
    // What is left stands in a buffer that the source may reuse.
    const rest = this.#view.slice();
    this.#view = rest;
    while (true) {
      const next = await this.#source.next();
      if (next.done) {
        throw new GitFault(
          "truncated",
          `Cannot read a pack: it ends after ${this.#offset + rest.length} bytes`,
        );
      }
      if (next.value.length === 0) continue;
      this.#view = rest.length === 0 ? next.value : concat([rest, next.value]);
      return;
    }
  }

  /** Takes bytes off the front of the view. */
  take(length: number): Uint8Array {
    const taken = this.#view.subarray(0, length);
    this.#hash.update(taken);
    this.#view = this.#view.subarray(length);
    this.#offset += length;
    return taken;
  }

  /** Waits for so many bytes and takes them. */
  async takeExactly(length: number): Promise<Uint8Array> {
    while (this.#view.length < length) await this.more();
    return this.take(length);
  }

  /** SHA-1 of everything taken so far; nothing can be taken afterwards. */
  digest(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
