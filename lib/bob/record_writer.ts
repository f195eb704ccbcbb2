/**
 * The writing end of the encrypted channel: seals several records at a time and joins finished
 * ones, so that many small records do not cost a system call each (bob protocol, section 6.1).
 *
 * @module
 */

import type { ByteStream } from "../net/mod.ts";
import {
  createRecordCipher,
  type Generation,
  MAX_RECORD_BYTES,
  RECORD_HEADER_BYTES,
  RECORD_TAG_BYTES,
  type RecordCipher,
} from "./record.ts";

/** Records between the caller and the stream, being sealed or written. */
const MOST_RECORDS = 64;
/** The same in bytes: eight full records being written while as many are sealed. */
const MOST_BYTES = 16 * (RECORD_HEADER_BYTES + MAX_RECORD_BYTES + RECORD_TAG_BYTES);
const BATCH_BYTES = MOST_BYTES / 2;

/** A record on its way. */
interface Sealing {
  readonly frameBytes: number;
  readonly finished: Promise<void>;
  sealed: Uint8Array | undefined;
}

/** Writes the records of one direction to a stream, which it does not close. */
export class RecordWriter {
  readonly #stream: Pick<ByteStream, "write">;
  readonly #key: Uint8Array;
  readonly #generation: Generation;
  #cipher: RecordCipher | undefined;
  readonly #queue: Sealing[] = [];
  readonly #batch = new Uint8Array(BATCH_BYTES);
  #records = 0;
  #bytes = 0;
  #sequence = 0;
  #writing: Promise<void> | undefined;
  #written = Promise.withResolvers<void>();
  #failure: unknown;

  /**
   * Writes nothing yet.
   *
   * @param key The channel key of this direction, 64 bytes; copied.
   */
  constructor(stream: Pick<ByteStream, "write">, key: Uint8Array, generation: Generation) {
    this.#stream = stream;
    this.#key = key.slice();
    this.#generation = generation;
  }

  /** Number of records that have been taken so far. */
  get records(): number {
    return this.#sequence;
  }

  /**
   * Makes one record of exactly these bytes, 0 to 32767 of them, and puts it behind the others;
   * waits while too many are under way. The buffer may be used again when the promise is kept, and
   * only then is the next call allowed.
   *
   * @throws {NetFault} when writing to the stream failed, now or earlier.
   */
  async write(piece: Uint8Array): Promise<void> {
    if (piece.length > MAX_RECORD_BYTES) {
      throw new RangeError(`Cannot write ${piece.length} bytes: ${MAX_RECORD_BYTES} are the most`);
    }
    this.#cipher ??= await createRecordCipher(this.#key, this.#generation);
    const frameBytes = RECORD_HEADER_BYTES + piece.length + RECORD_TAG_BYTES;
    while (this.#records >= MOST_RECORDS || this.#bytes + frameBytes > MOST_BYTES) {
      await this.#written.promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
    this.#records += 1;
    this.#bytes += frameBytes;
    this.#queue.push(seal(this.#cipher, this.#sequence++, piece));
    this.#writing ??= this.#writeAll();
  }

  /**
   * Waits until everything has been written.
   *
   * @throws {NetFault} when writing to the stream failed, now or earlier.
   */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#queue[0] !== undefined) {
        await this.#queue[0].finished;
        const { records, bytes } = this.#fillBatch();
        await this.#stream.write(this.#batch.subarray(0, bytes));
        this.#release(records, bytes);
      }
    } catch (error) {
      this.#failure = error;
      this.#release(this.#records, this.#bytes);
    } finally {
      this.#writing = undefined;
    }
  }

  /** Takes the finished records at the front of the queue, as many as the batch holds. */
  #fillBatch(): { records: number; bytes: number } {
    let records = 0;
    let bytes = 0;
    for (const { sealed, frameBytes } of this.#queue) {
      if (sealed === undefined || bytes + frameBytes > BATCH_BYTES) break;
      const length = sealed.length - RECORD_TAG_BYTES;
      this.#batch[bytes] = length >> 8;
      this.#batch[bytes + 1] = length & 0xff;
      this.#batch.set(sealed, bytes + RECORD_HEADER_BYTES);
      bytes += frameBytes;
      records += 1;
    }
    this.#queue.splice(0, records);
    return { records, bytes };
  }

  #release(records: number, bytes: number): void {
    this.#records -= records;
    this.#bytes -= bytes;
    this.#written.resolve();
    this.#written = Promise.withResolvers();
  }
}

function seal(cipher: RecordCipher, sequence: number, piece: Uint8Array): Sealing {
  const sealing: Sealing = {
    frameBytes: RECORD_HEADER_BYTES + piece.length + RECORD_TAG_BYTES,
    finished: cipher.seal(sequence, piece).then((sealed) => {
      sealing.sealed = sealed;
    }),
    sealed: undefined,
  };
  return sealing;
}
