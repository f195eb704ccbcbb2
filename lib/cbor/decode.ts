/**
 * Reads CBOR (RFC 8949) strictly: one item, nothing behind it. Definite and indefinite lengths and
 * heads longer than needed are accepted; undefined, other simple values, reserved heads, text that
 * is not UTF-8 and chunks of the wrong type are not.
 *
 * @module
 */

import { ByteReader } from "../bytes/mod.ts";
import { concat } from "@std/bytes/concat";
import { CborFault, type CborItem, type CborMap } from "./item.ts";

/** Deepest nesting of arrays, maps and tags, far above what any message of ours has. */
export const MAX_DEPTH = 32;
/**
 * Most items of one input. An item of one byte takes about a hundred bytes of memory, so a limit on
 * the input's length alone would let a hostile sender fill the memory.
 */
export const MAX_ITEMS = 1_000_000;

const INDEFINITE = 31;
const BREAK = 0xff;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;

/**
 * The item that the bytes hold.
 *
 * @throws {CborFault} when they hold anything else than exactly one item of the subset.
 */
export function decodeCbor(bytes: Uint8Array): CborItem {
  const decoder = new Decoder(bytes);
  const item = decoder.item(0);
  decoder.finish();
  return item;
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #reader: ByteReader;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(bytes, (message) => new CborFault(message));
  }

  item(depth: number): CborItem {
    const at = this.#reader.offset;
    if (depth > MAX_DEPTH) throw new CborFault(`Cannot read CBOR at ${at}: nested too deeply`);
    if (++this.#items > MAX_ITEMS) {
      throw new CborFault(`Cannot read CBOR at ${at}: more than ${MAX_ITEMS} items`);
    }
    const initial = this.#reader.u8();
    const [major, info] = [initial >> 5, initial & 31];
    if (major === 7) return this.#simple(info, at);
    if (info === INDEFINITE) return this.#indefinite(major, depth, at);
    const argument = this.#argument(info, at);
    switch (major) {
      case 0:
        return { type: "integer", value: BigInt(argument) };
      case 1:
        return { type: "integer", value: -1n - BigInt(argument) };
      case MAJOR_BYTES:
        return { type: "bytes", value: this.#take(argument, at).slice() };
      case MAJOR_TEXT:
        return { type: "text", value: this.#text(argument, at) };
      case 4:
        return { type: "array", items: this.#repeat(argument, at, () => this.item(depth + 1)) };
      case 5:
        return { type: "map", pairs: this.#repeat(argument, at, () => this.#pair(depth + 1)) };
      default:
        return { type: "tag", number: BigInt(argument), item: this.item(depth + 1) };
    }
  }

  finish(): void {
    const left = this.#reader.remaining;
    if (left > 0) throw new CborFault(`Cannot read CBOR: ${left} bytes after the item`);
  }

  #simple(info: number, at: number): CborItem {
    switch (info) {
      case 20:
      case 21:
        return { type: "boolean", value: info === 21 };
      case 22:
        return { type: "null" };
      case 25:
        return { type: "float", value: this.#view(2).getFloat16(0) };
      case 26:
        return { type: "float", value: this.#view(4).getFloat32(0) };
      case 27:
        return { type: "float", value: this.#view(8).getFloat64(0) };
      default:
        throw new CborFault(`Cannot read CBOR at ${at}: simple value or break out of place`);
    }
  }

  /** A number where it fits, which costs a fraction of what a bigint does. */
  #argument(info: number, at: number): number | bigint {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.#reader.u8();
      case 25:
        return this.#reader.u16();
      case 26:
        return this.#reader.u32();
      case 27:
        return this.#reader.u64();
      default:
        throw new CborFault(`Cannot read CBOR at ${at}: reserved head`);
    }
  }

  #indefinite(major: number, depth: number, at: number): CborItem {
    switch (major) {
      case MAJOR_BYTES:
        return {
          type: "bytes",
          value: concat(this.#chunks(major, (n, from) => this.#take(n, from))),
        };
      case MAJOR_TEXT:
        return {
          type: "text",
          value: this.#chunks(major, (n, from) => this.#text(n, from)).join(""),
        };
      case 4:
        return { type: "array", items: this.#untilBreak(() => this.item(depth + 1)) };
      case 5: {
        const pairs: CborMap["pairs"] = this.#untilBreak(() => this.#pair(depth + 1));
        return { type: "map", pairs, indefinite: true };
      }
      default:
        throw new CborFault(`Cannot read CBOR at ${at}: this type has no indefinite form`);
    }
  }

  /** The chunks of an indefinite string: definite ones of the same type (RFC 8949 3.2.3). */
  #chunks<Part>(major: number, read: (length: number | bigint, at: number) => Part): Part[] {
    return this.#untilBreak(() => {
      const at = this.#reader.offset;
      if (++this.#items > MAX_ITEMS) {
        throw new CborFault(`Cannot read CBOR at ${at}: more than ${MAX_ITEMS} items`);
      }
      const initial = this.#reader.u8();
      if (initial >> 5 !== major || (initial & 31) === INDEFINITE) {
        throw new CborFault(`Cannot read CBOR at ${at}: chunk of another type`);
      }
      return read(this.#argument(initial & 31, at), at);
    });
  }

  #pair(depth: number): readonly [CborItem, CborItem] {
    return [this.item(depth), this.item(depth)];
  }

  #repeat<Part>(count: number | bigint, at: number, read: () => Part): Part[] {
    this.#fits(count, at);
    const parts: Part[] = []; // grows with what is there: nested claims would add up to gigabytes
    for (let left = Number(count); left > 0; left--) parts.push(read());
    return parts;
  }

  #untilBreak<Part>(read: () => Part): Part[] {
    const parts: Part[] = [];
    while (this.#bytes[this.#reader.offset] !== BREAK) parts.push(read());
    this.#reader.u8();
    return parts;
  }

  #take(length: number | bigint, at: number): Uint8Array {
    this.#fits(length, at);
    return this.#reader.take(Number(length));
  }

  #text(length: number | bigint, at: number): string {
    this.#fits(length, at);
    return this.#reader.text(Number(length));
  }

  #view(length: number): DataView {
    const bytes = this.#reader.take(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  /** Each byte, element or pair takes at least one byte; so no memory is taken for a mere claim. */
  #fits(length: number | bigint, at: number): void {
    if (length > this.#reader.remaining) {
      throw new CborFault(`Cannot read CBOR at ${at}: length beyond the end`);
    }
  }
}
