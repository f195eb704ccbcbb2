/**
 * Bytes that wait to be written to one connection: bounded, in order, never blocking whoever puts
 * them in. A peer that does not read fills only its own outbox.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { ByteStream } from "./stream.ts";

/** The writing side of a connection that several parts of a program put bytes into. */
export class Outbox {
  readonly #stream: ByteStream;
  readonly #limit: number;
  #waiting: Uint8Array[] = [];
  #queued = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;

  /** At most `limit` bytes may wait, those being written included. */
  constructor(stream: ByteStream, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
  }

  /** Number of bytes that wait, those being written included. */
  get queued(): number {
    return this.#queued;
  }

  /** Why a write failed; undefined as long as none did. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Puts bytes at the end; they are not copied.
   *
   * @returns false when they do not fit or a write has failed: nothing was put in, and the
   *   connection should be closed.
   */
  push(bytes: Uint8Array): boolean {
    if (this.#failure !== undefined || this.#queued + bytes.length > this.#limit) return false;
    this.#waiting.push(bytes);
    this.#queued += bytes.length;
    this.#writing ??= this.#writeAll();
    return true;
  }

  /**
   * Resolves when nothing waits any more.
   *
   * @throws {NetFault} when a write failed, now or earlier.
   */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const bytes = this.#waiting.length === 1
          ? this.#waiting[0] as Uint8Array
          : concat(this.#waiting);
        this.#waiting = [];
        await this.#stream.write(bytes);
        this.#queued -= bytes.length;
      }
    } catch (error) {
      this.#failure = error;
      this.#waiting = [];
      this.#queued = 0;
      this.#stream.close(); // whoever reads from it learns of the loss
    } finally {
      this.#writing = undefined;
    }
  }
}
