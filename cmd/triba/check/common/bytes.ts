/**
 * Packets written by hand: MessagePack that an encoder would not write.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { encodeMsgpack } from "../../../../lib/msgpack/mod.ts";

/** A packet written by hand, for the id that it must have. */
export type Bytes = (id: number) => Uint8Array;

/** MessagePack of a text. */
export function text(value: string): Uint8Array {
  return encodeMsgpack(value);
}

/** Joins bytes and pieces; a whole number is one byte, so ids must be below 128. */
export function join(...parts: readonly (number | Uint8Array)[]): Uint8Array {
  return concat(parts.map((part) => typeof part === "number" ? Uint8Array.of(part) : part));
}

/** A request in the compact form around a body that is written by hand. */
export function request(id: number, ...body: readonly (number | Uint8Array)[]): Uint8Array {
  return join(0x92, id, ...body);
}

/** A request with a variant and its argument. */
export function variant(
  id: number,
  name: string,
  ...argument: readonly (number | Uint8Array)[]
): Uint8Array {
  return request(id, 0x81, text(name), ...argument);
}

/** A float of 64 bits. */
export function float(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = 0xcb;
  new DataView(bytes.buffer).setFloat64(1, value);
  return bytes;
}

/** The body of a ping. */
export const PING = text("Ping");
