/**
 * Reads MessagePack by type: the caller says what must come next. Integers are never floats, 64
 * bits are never rounded, and nothing is built that nobody asked for.
 *
 * @module
 */

import { ByteReader } from "../bytes/mod.ts";
import { checkMsgpack, isAscii, MAX_DEPTH, readLength } from "./check.ts";
import { MsgpackFault } from "./fault.ts";
import { type Format, FORMATS, type MsgpackType } from "./format.ts";

/** Up to here texts are built byte by byte, which is quicker than a call of the decoder. */
const SHORT_TEXT_BYTES = 64;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one value that {@linkcode readMsgpack} has found well-formed. A method whose type does not
 * come next throws, after which the reader is of no more use.
 */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #reader: ByteReader;

  /** Use {@linkcode readMsgpack}: the bytes must have been checked. */
  constructor(checked: Uint8Array) {
    this.#bytes = checked;
    this.#reader = new ByteReader(checked, (message) => new MsgpackFault("truncated", message));
  }

  /** The type of the next value; undefined after the last. */
  get type(): MsgpackType | undefined {
    return FORMATS[this.#bytes[this.#reader.offset] ?? 0xc1]?.type;
  }

  /** Reads nil. */
  nil(): void {
    this.#head("nil");
  }

  /** Reads true or false. */
  boolean(): boolean {
    this.#expect("boolean");
    return this.#reader.u8() === 0xc3;
  }

  /** Reads an integer of any width: a number where that is exact, else a bigint. */
  integer(): number | bigint {
    this.#expect("integer");
    const byte = this.#reader.u8();
    if (byte <= 0x7f) return byte;
    if (byte >= 0xe0) return byte - 0x100;
    const width = 8 << (byte & 3);
    const unsigned = this.#unsigned(width);
    if (byte < 0xd0) return unsigned;
    if (typeof unsigned === "number" && width < 64) return signed(unsigned, width);
    return exact(BigInt.asIntN(64, BigInt(unsigned)));
  }

  /**
   * Reads an integer from 0 to `most`, however wide it was written.
   *
   * @param most At most 2^53 - 1.
   */
  unsigned(most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.integer();
    if (typeof value === "number" && value >= 0 && value <= most) return value;
    throw new MsgpackFault("range", `Cannot read ${value}: not from 0 to ${most}`);
  }

  /** Reads a 32-bit or 64-bit float. */
  float(): number {
    const bytes = this.#reader.take(this.#head("float"));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return bytes.length === 4 ? view.getFloat32(0) : view.getFloat64(0);
  }

  /** Reads a text. */
  string(): string {
    const length = this.#head("string");
    const bytes = this.#reader.take(length);
    if (length > SHORT_TEXT_BYTES || !isAscii(bytes)) return utf8.decode(bytes);
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[i] as number);
    return text;
  }

  /** Reads bytes, as a view of the input. */
  binary(): Uint8Array {
    return this.#reader.take(this.#head("binary"));
  }

  /** Reads the head of an array: how many values follow. */
  array(): number {
    return this.#head("array");
  }

  /** Reads the head of a map: how many pairs of values follow. */
  map(): number {
    return this.#head("map");
  }

  /** Reads an extension: its number and its content, as a view of the input. */
  extension(): { readonly type: number; readonly data: Uint8Array } {
    const length = this.#head("extension");
    return { type: signed(this.#reader.u8(), 8), data: this.#reader.take(length - 1) };
  }

  /** Passes over the next value, whatever it is. */
  skip(): void {
    for (let left = 1; left > 0; left--) {
      const format = this.#format();
      this.#reader.u8();
      const length = readLength(this.#reader, format);
      if (format.type === "array") left += length;
      else if (format.type === "map") left += length * 2;
      else this.#reader.take(length);
    }
  }

  /** Passes over the next value and returns a reader for it alone. */
  value(): MsgpackReader {
    const start = this.#reader.offset;
    this.skip();
    return new MsgpackReader(this.#bytes.subarray(start, this.#reader.offset));
  }

  #format(): Format {
    const format = FORMATS[this.#bytes[this.#reader.offset] ?? 0xc1];
    if (format?.type !== undefined) return format;
    throw new MsgpackFault("type", "Cannot read a value: there is none left");
  }

  #expect(type: MsgpackType): Format {
    const format = this.#format();
    if (format.type === type) return format;
    throw new MsgpackFault("type", `Cannot read ${article(type)}: found ${article(format.type)}`);
  }

  #head(type: MsgpackType): number {
    const format = this.#expect(type);
    this.#reader.u8();
    return readLength(this.#reader, format);
  }

  #unsigned(width: number): number | bigint {
    switch (width) {
      case 8:
        return this.#reader.u8();
      case 16:
        return this.#reader.u16();
      case 32:
        return this.#reader.u32();
      default:
        return exact(this.#reader.u64());
    }
  }
}

/**
 * Checks that the bytes are one well-formed value and nothing else, and returns a reader for it.
 *
 * @param bytes Read in place, not copied: the caller must not change them meanwhile.
 * @param maxDepth Containers inside one another, the outermost included.
 * @throws {MsgpackFault} with a code other than `type` and `range`.
 */
export function readMsgpack(bytes: Uint8Array, maxDepth: number = MAX_DEPTH): MsgpackReader {
  checkMsgpack(bytes, maxDepth);
  return new MsgpackReader(bytes);
}

function signed(value: number, width: number): number {
  return value >= 2 ** (width - 1) ? value - 2 ** width : value;
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function article(type: MsgpackType | undefined): string {
  if (type === undefined || type === "nil") return "nil";
  return /^[aei]/.test(type) ? `an ${type}` : `a ${type}`;
}
