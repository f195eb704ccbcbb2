/**
 * A connection that is played by hand: bytes as they are, with an end of patience for everything.
 *
 * @module
 */

import { withPatience } from "./patience.ts";
import { ChunkBuffer } from "../../../lib/bytes/mod.ts";
import { type ByteStream, NetFault } from "../../../lib/net/mod.ts";

const READ_BYTES = 64 * 1024;

/** One connection of the program under test. */
export class Line {
  readonly #stream: ByteStream;
  readonly #buffer = new ChunkBuffer();
  #ended = false;
  #changed = Promise.withResolvers<void>();
  readonly #reading: Promise<void>;
  #writing: Promise<void> = Promise.resolve();

  /** Takes the connection over. */
  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#reading = this.#read();
  }

  /** Whether the peer has closed, or the connection broke. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that came and were not taken. */
  get waiting(): number {
    return this.#buffer.length;
  }

  /** Sends bytes without waiting for the peer; one that is gone shows by its end. */
  send(...parts: readonly Uint8Array[]): void {
    for (const part of parts) this.#writing = this.#writing.then(() => this.#write(part));
  }

  /** Waits until everything is sent, or cannot be. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** The first bytes without taking them, as many as there are. */
  peek(most: number): Uint8Array {
    return this.#buffer.peek(Math.min(most, this.#buffer.length)) as Uint8Array;
  }

  /** Takes this many bytes; undefined if they do not come in time. */
  async take(length: number, patienceMs: number): Promise<Uint8Array | undefined> {
    await this.until(() => this.#buffer.length >= length || this.#ended, patienceMs);
    return this.#buffer.take(length);
  }

  /** Whether anything comes within this time, or the end of the stream. */
  async hears(patienceMs: number): Promise<boolean> {
    return await this.until(() => this.#buffer.length > 0 || this.#ended, patienceMs);
  }

  /** Waits for something to be so; false when patience ends first. */
  async until(isSo: () => boolean, patienceMs: number): Promise<boolean> {
    return await withPatience(isSo, () => this.#changed.promise, patienceMs);
  }

  /** Closes at once, whatever is unread; the peer may see that as a reset. */
  async close(): Promise<void> {
    this.#stream.close();
    await this.flush();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const into = new Uint8Array(READ_BYTES);
    while (true) {
      const count = await this.#readSome(into);
      if (count === null) this.#ended = true;
      else this.#buffer.push(into.subarray(0, count));
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
      if (count === null) return;
    }
  }

  /** What a peer said before it went away is still to be read: a write that fails closes nothing. */
  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#stream.write(bytes);
    } catch (error) {
      if (!(error instanceof NetFault)) throw error;
    }
  }

  async #readSome(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#stream.read(into);
    } catch (error) {
      if (error instanceof NetFault) return null;
      throw error;
    }
  }
}
