/**
 * The hot path of every relay: bytes from one connection to another without looking at them.
 * Backpressure is natural, since nothing is read before the last write is through.
 *
 * @module
 */

import { PACE } from "./pace.ts";
import type { ByteStream } from "./stream.ts";

/** An idle pair costs two of these; it is what most pairs of a crowded relay have. */
const LEAST_BUFFER_BYTES = 4 * 1024;
/** With this size the loop reaches the rate of a C loop on loopback. */
const MOST_BUFFER_BYTES = 1024 * 1024;
/** A buffer that was full grows by this factor. */
const GROWTH = 4;
/** After so many reads in turn that left most of a buffer empty, it shrinks to the least. */
const SMALL_READS = 64;

/** Memory that the buffers of all forwarders share: they grow only while there is some left. */
export class BufferBudget {
  #left: number;

  /** So many bytes beyond the smallest buffers, which everybody gets. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Bytes that are not taken. */
  get left(): number {
    return this.#left;
  }

  /** Takes bytes if there are enough; a negative number gives some back. */
  tryTake(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Gives bytes back. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** What a forwarder needs beside its streams. */
export interface ForwardOptions {
  /** Memory shared with other forwarders. */
  readonly budget: BufferBudget;
  /** Told of every read; a promise that it returns holds the bytes back (rate limits). */
  readonly onBytes?: (count: number) => void | Promise<void>;
}

/**
 * Copies until the end of the stream; what was read has then been written.
 *
 * @throws {NetFault} when either connection is lost.
 */
export async function forward(
  from: Pick<ByteStream, "read">,
  to: Pick<ByteStream, "write">,
  { budget, onBytes }: ForwardOptions,
): Promise<void> {
  let buffer = new Uint8Array(LEAST_BUFFER_BYTES);
  let small = 0;
  const resize = (size: number) => {
    small = 0;
    if (!budget.tryTake(size - buffer.length)) return;
    buffer = new Uint8Array(size);
  };
  using _loop = PACE.enter();
  try {
    while (true) {
      while (PACE.isUsedUp()) await PACE.rest();
      const count = await from.read(buffer);
      if (count === null) return;
      const delayed = onBytes?.(count);
      if (delayed !== undefined) await delayed;
      await to.write(buffer.subarray(0, count));
      if (count === buffer.length && count < MOST_BUFFER_BYTES) {
        resize(Math.min(count * GROWTH, MOST_BUFFER_BYTES));
      } else if (buffer.length > LEAST_BUFFER_BYTES) {
        small = count * GROWTH < buffer.length ? small + 1 : 0;
        if (small === SMALL_READS) resize(LEAST_BUFFER_BYTES);
      }
    }
  } finally {
    budget.give(buffer.length - LEAST_BUFFER_BYTES);
  }
}
