/**
 * Lines that wait to be written to one user interface. One that does not read fills only its own
 * queue, and is given up when that is full.
 *
 * @module
 */

import type { ByteStream } from "../../net/mod.ts";

/** With so many characters waiting a reader is too slow: more than a core keeps of its past. */
export const MAX_QUEUED_CHARACTERS: number = 8 * 1024 * 1024;
/** With so many characters waiting nothing is read from a user interface. */
const RESTING_CHARACTERS = 1024 * 1024;
/** Characters that are written at once. */
const BATCH_CHARACTERS = 64 * 1024;

/** The writing side of a user interface. */
export class LineQueue {
  readonly #stream: ByteStream;
  readonly #most: number;
  #lines: string[] = [];
  #characters = 0;
  #writing: Promise<void> | undefined;
  #lastLine = false;
  #failed = false;
  #rested = Promise.withResolvers<void>();

  /** Writes to the stream; closes it when it fails. */
  constructor(stream: ByteStream, most: number = MAX_QUEUED_CHARACTERS) {
    this.#stream = stream;
    this.#most = most;
  }

  /** Whether nothing more can be put in. */
  get ended(): boolean {
    return this.#lastLine || this.#failed;
  }

  /**
   * Puts a line at the end, without its line feed; however long, if there was room before.
   *
   * @returns false if the queue is full: the reader is too slow.
   */
  push(line: string): boolean {
    if (this.ended) return true; // nobody reads it, which is no news
    if (this.#characters > this.#most) return false;
    this.#put(line);
    return true;
  }

  /** Puts the last line in; what waits is thrown away if `instead` is set. */
  end(line: string, instead: boolean): void {
    if (this.ended) return;
    if (instead) {
      this.#lines = [];
      this.#characters = 0;
    }
    this.#put(line);
    this.#lastLine = true;
  }

  /** Resolves when so little waits that more may be asked for. */
  async rest(): Promise<void> {
    while (this.#characters > RESTING_CHARACTERS && !this.#failed) await this.#rested.promise;
  }

  /** Resolves when nothing waits any more, or nobody reads. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #put(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    const encoder = new TextEncoder();
    try {
      while (this.#lines.length > 0) {
        const batch = this.#takeBatch();
        await this.#stream.write(encoder.encode(batch));
        this.#wake();
      }
    } catch {
      this.#failed = true; // the reading side learns of it by the closed stream
      this.#lines = [];
      this.#characters = 0;
      this.#stream.close();
      this.#wake();
    } finally {
      this.#writing = undefined;
    }
  }

  #takeBatch(): string {
    let characters = 0;
    let count = 0;
    while (count < this.#lines.length && characters < BATCH_CHARACTERS) {
      characters += this.#lines[count++]?.length ?? 0;
    }
    this.#characters -= characters;
    return this.#lines.splice(0, count).map((line) => `${line}\n`).join("");
  }

  #wake(): void {
    this.#rested.resolve();
    this.#rested = Promise.withResolvers<void>();
  }
}
