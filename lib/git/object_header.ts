/**
 * What stands in front of each object of a pack: kind and size, and for a delta the way back to
 * its base (section 7).
 *
 * @module
 */

import { MAX_VARINT_BYTES } from "./constants.ts";
import { GitFault } from "./fault.ts";

/** Objects that have a name; bob puts a file's name into a `tag`. */
export type ObjectKind = "commit" | "tree" | "blob" | "tag";

/** What an object header announces. */
export interface ObjectHeader {
  /** `delta` is a difference to an object that stands at an offset. */
  readonly kind: ObjectKind | "delta";
  /** Size of the inflated content in bytes. */
  readonly size: number;
  /** Length of the header itself in bytes. */
  readonly length: number;
}

const KIND_NUMBERS = { commit: 1, tree: 2, blob: 3, tag: 4, delta: 6 } as const;
const KIND_NAMES = new Map(
  Object.entries(KIND_NUMBERS).map(([name, number]) => [number, name as ObjectHeader["kind"]]),
);
const REFERENCE_DELTA = 7;

/** Writes kind and size; the size is at most 2^53 - 1. */
export function encodeObjectHeader(
  kind: ObjectHeader["kind"],
  size: number,
): Uint8Array<ArrayBuffer> {
  checkNumber("size", size);
  const bytes = [(KIND_NUMBERS[kind] << 4) | (size % 16)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80;
    bytes.push(rest % 128);
  }
  return Uint8Array.from(bytes);
}

/**
 * Reads kind and size from the front of the bytes; undefined when more bytes are needed.
 *
 * @throws {GitFault} `kind` for a kind that bob does not use, `size` above 2^53 - 1.
 */
export function decodeObjectHeader(bytes: Uint8Array): ObjectHeader | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  const kind = decodeKind((first >> 4) & 7);
  let size = first & 15;
  let byte = first;
  let length = 1;
  for (let unit = 16; byte >= 0x80; unit *= 128) {
    if (length === MAX_VARINT_BYTES) {
      throw new GitFault("size", "Cannot read an object header: the size is above 2^53 - 1");
    }
    const next = bytes[length];
    if (next === undefined) return undefined;
    byte = next;
    size += (byte & 127) * unit;
    length++;
  }
  return { kind, size, length };
}

/** Writes how many bytes before a delta's header its base begins. */
export function encodeBaseDistance(distance: number): Uint8Array<ArrayBuffer> {
  checkNumber("distance", distance);
  const bytes = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    bytes.unshift(0x80 | (rest % 128));
  }
  return Uint8Array.from(bytes);
}

/**
 * Reads the distance to a delta's base from the front of the bytes; undefined when more bytes
 * are needed.
 *
 * @throws {GitFault} `delta` when it is 0 or above 2^53 - 1.
 */
export function decodeBaseDistance(
  bytes: Uint8Array,
): { readonly distance: number; readonly length: number } | undefined {
  let distance = 0;
  for (let length = 1; length <= MAX_VARINT_BYTES; length++) {
    const byte = bytes[length - 1];
    if (byte === undefined) return undefined;
    distance = (length === 1 ? 0 : (distance + 1) * 128) + (byte & 127);
    if (distance > Number.MAX_SAFE_INTEGER) break;
    if (byte >= 0x80) continue;
    if (distance === 0) {
      throw new GitFault("delta", "Cannot read a base's distance: the delta is its own base");
    }
    return { distance, length };
  }
  throw new GitFault("delta", "Cannot read a base's distance: above 2^53 - 1");
}

function decodeKind(number: number): ObjectHeader["kind"] {
  const kind = KIND_NAMES.get(number as 1);
  if (kind !== undefined) return kind;
  const reason = number === REFERENCE_DELTA ? "deltas by reference are never sent" : "unknown";
  throw new GitFault("kind", `Cannot read an object header of kind ${number}: ${reason}`);
}

function checkNumber(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`Cannot write a ${what} of ${value}: not a whole number up to 2^53 - 1`);
  }
}
