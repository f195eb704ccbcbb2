/**
 * Inflating one object's zlib stream out of a pack and finding where it ends (section 7). Small
 * streams take one call; others go through the runtime's stream, piece by piece.
 *
 * @module
 */

import { constants, createInflate, inflateSync } from "node:zlib";
import { CHUNK_BYTES } from "./constants.ts";
import { GitFault } from "./fault.ts";
import type { PackInput } from "./pack_input.ts";

/** The runtime refuses to work with less room. */
const MIN_CHUNK_BYTES = 64;

/** What one call found at the front of some bytes. */
export interface Inflated {
  /** Exactly as long as announced. */
  readonly content: Uint8Array;
  /** Bytes of the zlib stream. */
  readonly consumed: number;
}

/**
 * Inflates a stream at the front of the bytes; undefined unless it ends before they do. That the
 * last byte belongs to it does not tell that it has ended, but in a pack more always follows.
 *
 * @throws {GitFault} `compression`, or `size` when there is more or less than announced.
 */
export function inflateWhole(bytes: Uint8Array, size: number): Inflated | undefined {
  const { buffer, engine } = inflatePart(bytes, size);
  if (engine.bytesWritten === bytes.length) return undefined;
  if (buffer.length !== size) throw wrongSize(size);
  return { content: buffer, consumed: engine.bytesWritten };
}

/**
 * Inflates the stream at the front of the input and takes its bytes, not one more. Input is
 * asked for only when the runtime has nothing left to hand out, so memory stays bounded
 * whatever is announced, and an overlong stream ends at the first byte too many.
 *
 * @throws {GitFault} `compression`, `truncated`, or `size`.
 */
export async function* inflateStream(
  input: PackInput,
  size: number,
): AsyncGenerator<Uint8Array, void> {
  const inflater = new Inflater();
  let produced = 0;
  try {
    while (!inflater.ended) {
      const chunk = inflater.read();
      if (chunk !== null) {
        produced += chunk.length;
        if (produced > size) throw wrongSize(size);
        yield chunk;
      } else if (inflater.hungry) {
        input.take(inflater.takeUsed());
        if (input.view.length === 0) await input.more();
        inflater.write(input.view);
      } else {
        await inflater.change();
      }
    }
    input.take(inflater.takeUsed());
  } finally {
    inflater.close();
  }
  if (produced < size) throw wrongSize(size);
}

/** The runtime's stream, read by asking instead of listening. */
class Inflater {
  readonly #zlib = createInflate({ chunkSize: CHUNK_BYTES });
  #wake: () => void = () => {};
  #error: unknown;
  #written = true;
  #given = 0;
  #used = 0;
  /** The end of the zlib stream was found and everything was read. */
  ended = false;

  constructor() {
    this.#zlib.on("readable", () => this.#wake());
    this.#zlib.on("end", () => {
      this.ended = true;
      this.#wake();
    });
    this.#zlib.on("error", (error: unknown) => {
      this.#error = error;
      this.#wake();
    });
  }

  /**
   * All input was used. A call that is over without having used its input has met the end of
   * the zlib stream, which will be reported when everything has been read.
   */
  get hungry(): boolean {
    return this.#written && this.#zlib.bytesWritten === this.#given;
  }

  /** Bytes of the input that were used since the last call. */
  takeUsed(): number {
    const used = this.#zlib.bytesWritten - this.#used;
    this.#used += used;
    return used;
  }

  read(): Uint8Array | null {
    return this.#zlib.read() as Uint8Array | null;
  }

  write(bytes: Uint8Array): void {
    this.#written = false;
    this.#given += bytes.length;
    this.#zlib.write(bytes, () => {
      this.#written = true;
      this.#wake();
    });
  }

  async change(): Promise<void> {
    await new Promise<void>((resolve) => this.#wake = resolve);
    if (this.#error !== undefined) throw notCompressed(this.#error);
  }

  close(): void {
    this.#zlib.destroy();
  }
}

/** The flush mode makes a missing end a short result; as an error it would take ten times as long. */
function inflatePart(
  bytes: Uint8Array,
  size: number,
): { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } } {
  const options = {
    info: true,
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: Math.max(size, 1),
    chunkSize: Math.max(size + 1, MIN_CHUNK_BYTES),
  };
  try {
    // The declarations do not know what `info` does to the result.
    return inflateSync(bytes, options) as unknown as ReturnType<typeof inflatePart>;
  } catch (error) {
    throw codeOf(error) === "ERR_BUFFER_TOO_LARGE" ? wrongSize(size) : notCompressed(error);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function wrongSize(size: number): GitFault {
  return new GitFault("size", `Cannot inflate an object: it is not the announced ${size} bytes`);
}

function notCompressed(cause: unknown): GitFault {
  const reason = cause instanceof Error ? cause.message : "unknown error";
  return new GitFault("compression", `Cannot inflate an object: ${reason}`, { cause });
}
