/**
 * The reading end of the encrypted channel: reads ahead, opens several records at a time, gives
 * their plaintexts in order, and finds out by itself which generation wrote them (bob protocol,
 * sections 0.1, 5 and 6).
 *
 * @module
 */

import type { ByteStream } from "../net/mod.ts";
import { BobFault } from "./fault.ts";
import {
  CLOSE_MARKER,
  createRecordCipher,
  type Generation,
  GENERATIONS,
  type RecordCipher,
} from "./record.ts";
import { RecordDecoder, type SealedRecord } from "./record_decoder.ts";

/** Records that are opened at the same time; more gave nothing when measured. */
const RECORDS_IN_FLIGHT = 8;
/** Size of the first read; a read that fills the buffer makes it four times as large. */
const LEAST_BUFFER_BYTES = 16 * 1024;
const MOST_BUFFER_BYTES = 1024 * 1024;
/** A relay writes one close marker, behind one that the other peer may have written. */
const MOST_MARKER_BYTES = 2 * CLOSE_MARKER.length;

/** What a reader can be told. */
export interface RecordReaderOptions {
  /** Bytes of the channel that have been read from the stream before. */
  readonly received?: Uint8Array | undefined;
  /** Generations to try on the first record, both unless given. */
  readonly generations?: readonly Generation[] | undefined;
}

/** How a channel ended: the close marker between records, or the end of the stream there. */
export type ChannelEnding = "marker" | "end-of-stream";

/** A record that is being opened. */
interface Opening {
  readonly sequence: number;
  /** How many bytes at the record's end could be those of a close marker. */
  readonly markerBytes: number;
  /** undefined: the tag is wrong. */
  readonly plaintext: Promise<Uint8Array | undefined>;
}

/** Reads the records of one direction from a stream. */
export class RecordReader {
  readonly #stream: Pick<ByteStream, "read">;
  readonly #key: Uint8Array;
  readonly #generations: readonly Generation[];
  readonly #decoder = new RecordDecoder();
  readonly #openings: Opening[] = [];
  #buffer = new Uint8Array(LEAST_BUFFER_BYTES);
  #reading: Promise<void> | undefined;
  #arrived: Uint8Array | undefined;
  #streamEnded = false;
  #failure: unknown;
  #cipher: RecordCipher | undefined;
  #generation: Generation | undefined;

  /**
   * Nothing is read before the first call of {@linkcode RecordReader.next}.
   *
   * @param key The channel key of this direction, 64 bytes; copied.
   */
  constructor(
    stream: Pick<ByteStream, "read">,
    key: Uint8Array,
    options: RecordReaderOptions = {},
  ) {
    this.#stream = stream;
    this.#key = key.slice();
    this.#generations = options.generations ?? GENERATIONS;
    this.#arrived = options.received?.slice();
  }

  /** The generation that wrote the first record, once that has been opened. */
  get generation(): Generation | undefined {
    return this.#generation;
  }

  /** How the channel ended, once {@linkcode RecordReader.next} has given undefined. */
  get ending(): ChannelEnding | undefined {
    if (this.#openings.length > 0 || this.#failure !== undefined) return undefined;
    if (this.#decoder.marked) return "marker";
    return this.#streamEnded ? "end-of-stream" : undefined;
  }

  /**
   * The plaintext of the next record, or undefined at the end of the channel. One call at a time.
   *
   * @throws {BobFault} `corrupt-record` when it does not open, `oversized-record` for a length that
   *   no peer writes, `connection-lost` when the stream ended, or the relay wrote its close marker,
   *   inside it.
   * @throws {NetFault} when reading from the stream failed.
   */
  async next(): Promise<Uint8Array | undefined> {
    while (true) {
      this.#openMore();
      const first = this.#openings[0];
      if (first === undefined) {
        if (this.#failure !== undefined) throw this.#failure;
        if (this.ending !== undefined) return undefined;
        await this.#reading;
        continue;
      }
      const plaintext = await first.plaintext;
      if (plaintext !== undefined) {
        this.#openings.shift();
        return plaintext;
      }
      this.#failure = await this.#explain(first);
      this.#openings.length = 0;
    }
  }

  /** Keeps the window full with what is there, and a read under way when nothing is. */
  #openMore(): void {
    if (this.#failure !== undefined) return;
    try {
      while (this.#openings.length < RECORDS_IN_FLIGHT) {
        if (this.#cipher === undefined && this.#openings.length > 0) return; // it decides first
        const record = this.#decoder.next();
        if (record !== undefined) this.#openings.push(this.#open(record));
        else if (!this.#feed()) return;
      }
    } catch (error) {
      this.#failure = error; // thrown once the records before it have been given
    }
  }

  /** Gives the decoder what has arrived; false when it has to wait for more or has had all. */
  #feed(): boolean {
    if (this.#decoder.marked) return false;
    if (this.#arrived !== undefined) {
      this.#decoder.push(this.#arrived);
      this.#arrived = undefined;
      return true;
    }
    if (this.#streamEnded) this.#decoder.end();
    else this.#reading ??= this.#read();
    return false;
  }

  /** Only called when the decoder has used up the buffer. */
  async #read(): Promise<void> {
    try {
      const buffer = this.#buffer;
      const count = await this.#stream.read(buffer);
      if (count === null) this.#streamEnded = true;
      else this.#arrived = buffer.subarray(0, count);
      if (count === buffer.length && count < MOST_BUFFER_BYTES) {
        this.#buffer = new Uint8Array(buffer.length * 4);
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#reading = undefined;
    }
  }

  #open(record: SealedRecord): Opening {
    const { sequence, sealed } = record;
    const markerBytes = countMarkerBytes(sealed);
    const plaintext = this.#cipher === undefined
      ? this.#detect(sealed.slice())
      : this.#cipher.open(sequence, sealed);
    return { sequence, markerBytes, plaintext };
  }

  /** The authentication tag of the first record says which generation wrote it. */
  async #detect(sealed: Uint8Array): Promise<Uint8Array | undefined> {
    for (const generation of this.#generations) {
      const cipher = await createRecordCipher(this.#key, generation);
      const plaintext = await cipher.open(0, sealed);
      if (plaintext === undefined) continue;
      this.#cipher = cipher;
      this.#generation = generation;
      return plaintext;
    }
    return undefined;
  }

  /**
   * Why a record did not open. The relay writes its close marker wherever the stream has got to,
   * so the marker can fill up a record that lacks at most four bytes: then nothing but the rest of
   * markers and the end of the stream follows it.
   */
  async #explain(failed: Opening): Promise<unknown> {
    const text = `Cannot open record ${failed.sequence}`;
    const corrupt = new BobFault("corrupt-record", `${text}: damaged, or sealed with another key`);
    if (failed.markerBytes === 0 || this.#openings.length > 1) return corrupt;
    let following = this.#decoder.following(MOST_MARKER_BYTES + 1);
    while (following.length <= MOST_MARKER_BYTES && following.every((byte) => byte === 0xff)) {
      if (this.#arrived !== undefined) {
        const arrived = this.#arrived.subarray(0, MOST_MARKER_BYTES + 1);
        following = Uint8Array.from([...following, ...arrived]);
        this.#arrived = undefined;
        continue;
      }
      if (this.#streamEnded) {
        if (failed.markerBytes + following.length < CLOSE_MARKER.length) return corrupt;
        return new BobFault("connection-lost", `${text}: the connection was lost inside it`);
      }
      await (this.#reading ??= this.#read());
      if (this.#failure !== undefined) return this.#failure;
    }
    return corrupt;
  }
}

/** How many of the last four bytes, counted from the end, are those of a close marker. */
function countMarkerBytes(sealed: Uint8Array): number {
  let count = 0;
  while (count < CLOSE_MARKER.length && sealed[sealed.length - 1 - count] === 0xff) count++;
  return count;
}
