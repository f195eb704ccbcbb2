/**
 * Reads a pack from a stream of chunks, object by object, with bounded memory (section 7).
 *
 * @module
 */

import { ByteReader, equalConstantTime } from "../bytes/mod.ts";
import {
  DEFAULT_MAX_OBJECTS,
  HASH_BYTES,
  MAX_WHOLE_BYTES,
  PACK_HEADER_BYTES,
  PACK_VERSION,
} from "./constants.ts";
import { GitFault } from "./fault.ts";
import { inflateStream, inflateWhole } from "./inflate.ts";
import { decodeBaseDistance, decodeObjectHeader, type ObjectKind } from "./object_header.ts";
import { PackInput } from "./pack_input.ts";

/** What all objects of a pack have. */
export interface PackObjectBase {
  /** Where its header begins, counted from the start of the pack. */
  readonly offset: number;
  /** Size of its content in bytes, as announced and as the content will have. */
  readonly size: number;
  /**
   * The inflated content, to be read at most once and before the next object is asked for. What
   * is not read is skipped. Chunks belong to the caller.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

/** An object that stands for itself. */
export interface PlainPackObject extends PackObjectBase {
  /** A `tag` holds the name of a single file. */
  readonly kind: ObjectKind;
}

/** An object that is a difference to an earlier one; its content goes to `openDelta`. */
export interface DeltaPackObject extends PackObjectBase {
  /** An offset delta, kind 6. */
  readonly kind: "delta";
  /** Where the base's header begins; not checked to be an object. */
  readonly base: number;
}

/** One object of a pack. */
export type PackObject = PlainPackObject | DeltaPackObject;

/** What a reader accepts. */
export interface PackReaderOptions {
  /** Most objects; a million unless given. */
  readonly maxObjects?: number;
}

const SIGNATURE = 0x5041434b;
/** After so many tries the bytes are coming in too slowly to start anew each time. */
const WHOLE_TRIES = 3;

/**
 * A pack being read: `for await (const object of reader)`, or `next` and `close`.
 *
 * It never asks the source for more than it needs: once the trailer is there the last object has
 * been followed by `undefined`, and bytes after it are not looked at (section 10.4). All methods
 * throw {@linkcode GitFault}, and pass on what the source throws; afterwards only
 * {@linkcode PackReader.close} makes sense.
 */
export class PackReader {
  /** Number of objects that the pack announces, at least 1. */
  readonly objects: number;
  readonly #input: PackInput;
  #read = 0;
  #content: AsyncGenerator<Uint8Array, void> | undefined;
  /** True while a call is under way, and for ever after one has failed. */
  #blocked = false;
  #done = false;

  private constructor(input: PackInput, objects: number) {
    this.#input = input;
    this.objects = objects;
  }

  /**
   * Reads the pack's header. A chunk of the source is used until the next one is asked for.
   *
   * @throws {GitFault} `signature`, `count` or `truncated`; the source is then closed.
   */
  static async open(
    source: AsyncIterable<Uint8Array>,
    options: PackReaderOptions = {},
  ): Promise<PackReader> {
    const input = new PackInput(source);
    try {
      const header = await input.takeExactly(PACK_HEADER_BYTES);
      const objects = decodePackHeader(header, options.maxObjects ?? DEFAULT_MAX_OBJECTS);
      return new PackReader(input, objects);
    } catch (error) {
      await input.close();
      throw error;
    }
  }

  /** The next object, or undefined when all were read and the trailer is right. */
  async next(): Promise<PackObject | undefined> {
    if (this.#done) return undefined;
    this.#block();
    await this.#skip();
    const object = this.#read < this.objects ? await this.#readObject() : undefined;
    if (object === undefined) await this.#checkTrailer();
    this.#blocked = false;
    return object;
  }

  /** Gives up or ends: frees what the current object holds and closes the source. */
  async close(): Promise<void> {
    this.#blocked = true;
    await this.#content?.return();
    await this.#input.close();
  }

  /** All objects that are left; closes the reader at the end, and when the loop is left early. */
  async *[Symbol.asyncIterator](): AsyncGenerator<PackObject, void> {
    try {
      for (let object = await this.next(); object !== undefined; object = await this.next()) {
        yield object;
      }
    } finally {
      await this.close();
    }
  }

  async #skip(): Promise<void> {
    while (this.#content !== undefined && !(await this.#content.next()).done);
    this.#content = undefined;
  }

  async #readObject(): Promise<PackObject> {
    const offset = this.#input.offset;
    const { kind, size } = await this.#readPrefix(decodeObjectHeader);
    const base = kind === "delta" ? await this.#readBase(offset) : 0;
    const inflated = this.#inflate(size);
    this.#content = inflated;
    this.#read++;
    const content = this.#handOut(inflated);
    if (kind === "delta") return { kind, offset, size, content, base };
    return { kind, offset, size, content };
  }

  async #readBase(offset: number): Promise<number> {
    const { distance } = await this.#readPrefix(decodeBaseDistance);
    if (distance > offset - PACK_HEADER_BYTES) {
      throw new GitFault("delta", `Cannot read the delta at ${offset}: its base is outside`);
    }
    return offset - distance;
  }

  async #readPrefix<T extends { readonly length: number }>(
    decode: (bytes: Uint8Array) => T | undefined,
  ): Promise<T> {
    while (true) {
      const value = decode(this.#input.view);
      if (value !== undefined) {
        this.#input.take(value.length);
        return value;
      }
      await this.#input.more();
    }
  }

  async *#inflate(size: number): AsyncGenerator<Uint8Array, void> {
    if (this.#input.view.length === 0) await this.#input.more();
    for (let tries = WHOLE_TRIES; size <= MAX_WHOLE_BYTES && tries > 0; tries--) {
      const whole = inflateWhole(this.#input.view, size);
      if (whole !== undefined) {
        this.#input.take(whole.consumed);
        if (size > 0) yield whole.content;
        return;
      }
      await this.#input.more();
    }
    yield* inflateStream(this.#input, size);
  }

  /** Leaving a loop over the content early must not lose the place in the pack. */
  #handOut(content: AsyncGenerator<Uint8Array, void>): AsyncIterable<Uint8Array> {
    const next = async () => {
      if (this.#content !== content) {
        throw new TypeError("Cannot read an object's content: the reader has moved on");
      }
      this.#block();
      const result = await content.next();
      this.#blocked = false;
      return result;
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  #block(): void {
    if (this.#blocked) {
      throw new TypeError("Cannot read on in a pack: a read is under way, failed, or was ended");
    }
    this.#blocked = true;
  }

  async #checkTrailer(): Promise<void> {
    const expected = this.#input.digest();
    while (this.#input.view.length < HASH_BYTES) await this.#input.more();
    if (!equalConstantTime(this.#input.view.subarray(0, HASH_BYTES), expected)) {
      throw new GitFault("checksum", "Cannot accept a pack: its SHA-1 is not that of its bytes");
    }
    this.#done = true;
  }
}

function decodePackHeader(header: Uint8Array, maxObjects: number): number {
  const reader = new ByteReader(header);
  if (reader.u32() !== SIGNATURE || reader.u32() !== PACK_VERSION) {
    throw new GitFault("signature", "Cannot read a pack: it does not begin like one of version 2");
  }
  const objects = reader.u32();
  if (objects === 0 || objects > maxObjects) {
    throw new GitFault(
      "count",
      `Cannot read a pack: it announces ${objects} objects, 1 to ${maxObjects} are accepted`,
    );
  }
  return objects;
}
