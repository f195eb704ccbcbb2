/**
 * Writes CBOR (RFC 8949) in its shortest form: definite lengths, shortest heads, and for a float
 * the shortest width that keeps its value. Maps keep the order they are given.
 *
 * @module
 */

import { ByteWriter } from "../bytes/mod.ts";
import type { CborItem } from "./item.ts";

const utf8 = new TextEncoder();
const MAX_ARGUMENT = 0xffff_ffff_ffff_ffffn;

/**
 * The bytes of an item.
 *
 * @throws {RangeError} for an integer or tag number that has no CBOR head.
 */
export function encodeCbor(item: CborItem): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writeItem(writer, item);
  return writer.finish();
}

function writeItem(writer: ByteWriter, item: CborItem): void {
  switch (item.type) {
    case "integer":
      if (item.value >= 0n) writeHead(writer, 0, item.value);
      else writeHead(writer, 1, -1n - item.value);
      return;
    case "bytes":
      writeHead(writer, 2, item.value.length);
      writer.bytes(item.value);
      return;
    case "text": {
      const bytes = utf8.encode(item.value);
      writeHead(writer, 3, bytes.length);
      writer.bytes(bytes);
      return;
    }
    case "array":
      writeHead(writer, 4, item.items.length);
      for (const element of item.items) writeItem(writer, element);
      return;
    case "map":
      writeHead(writer, 5, item.pairs.length);
      for (const pair of item.pairs) pair.forEach((part) => writeItem(writer, part));
      return;
    case "tag":
      writeHead(writer, 6, item.number);
      writeItem(writer, item.item);
      return;
    case "boolean":
      writer.u8(item.value ? 0xf5 : 0xf4);
      return;
    case "null":
      writer.u8(0xf6);
      return;
    case "float":
      writer.bytes(encodeFloat(item.value));
      return;
    default:
      item satisfies never;
  }
}

/** Lengths come as numbers, which cost a fraction of what bigints do. */
function writeHead(writer: ByteWriter, major: number, argument: number | bigint): void {
  if (argument < 0 || argument > MAX_ARGUMENT) {
    throw new RangeError("Cannot write CBOR: number beyond 64 bits");
  }
  const initial = major << 5;
  if (argument < 24) writer.u8(initial | Number(argument));
  else if (argument <= 0xff) writer.u8(initial | 24).u8(Number(argument));
  else if (argument <= 0xffff) writer.u8(initial | 25).u16(Number(argument));
  else if (argument <= 0xffff_ffff) writer.u8(initial | 26).u32(Number(argument));
  else writer.u8(initial | 27).u64(BigInt(argument));
}

/** Every NaN becomes the one of 16 bits; -0 keeps its sign. */
function encodeFloat(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  if (Number.isNaN(value)) return Uint8Array.of(0xf9, 0x7e, 0x00);
  if (Math.f16round(value) === value) {
    view.setFloat16(1, value);
    bytes[0] = 0xf9;
    return bytes.subarray(0, 3);
  }
  if (Math.fround(value) === value) {
    view.setFloat32(1, value);
    bytes[0] = 0xfa;
    return bytes.subarray(0, 5);
  }
  view.setFloat64(1, value);
  bytes[0] = 0xfb;
  return bytes;
}
