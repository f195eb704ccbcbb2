/**
 * Writes MessagePack in its shortest form: whole numbers, texts, lists and maps. `@std/msgpack`
 * does the writing; here is the care it needs to keep integers integers.
 *
 * @module
 */

import { encode } from "@std/msgpack/encode";
import { MAX_DEPTH } from "./check.ts";
import { MsgpackFault } from "./fault.ts";

/** What can be written. A number must be whole; there are no floats, bytes or extensions. */
export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly MsgpackValue[]
  | { readonly [key: string]: MsgpackValue };

const FIRST_OF_64_BITS = 0x1_0000_0000;
const LAST_NEGATIVE_OF_32_BITS = -0x8000_0000;

/**
 * Encodes a value in its shortest form; map entries in the order of the object's keys.
 *
 * @param maxDepth Containers inside one another, the outermost included: what is deeper would be
 *   refused by a reader with the same limit.
 * @throws {MsgpackFault} `type` for what cannot be written, `range` for numbers that are not whole
 *   or not exact and texts with half a surrogate pair, `depth`.
 */
export function encodeMsgpack(
  value: MsgpackValue,
  maxDepth: number = MAX_DEPTH,
): Uint8Array<ArrayBuffer> {
  return encode(prepare(value, maxDepth));
}

/** The value as `@std/msgpack` must get it; the same object where nothing had to change. */
function prepare(value: MsgpackValue, levels: number): MsgpackValue {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return prepareNumber(value);
    case "bigint":
      return prepareBigint(value);
    case "string":
      if (value.isWellFormed()) return value;
      throw new MsgpackFault("range", "Cannot write a text: half of a surrogate pair in it");
    case "object":
      return value === null ? value : prepareContainer(value, levels);
    default:
      throw new MsgpackFault("type", `Cannot write a value: its type is ${typeof value}`);
  }
}

/** Past 32 bits the package writes numbers as floats, unless they come as bigint. */
function prepareNumber(value: number): number | bigint {
  if (!Number.isSafeInteger(value)) {
    throw new MsgpackFault("range", `Cannot write ${value}: not a whole number within 2^53`);
  }
  return value >= FIRST_OF_64_BITS || value < LAST_NEGATIVE_OF_32_BITS ? BigInt(value) : value === 0 // minus zero
    ? 0
    : value;
}

/** The package writes every bigint in nine bytes, so a small one must come as a number. */
function prepareBigint(value: bigint): number | bigint {
  if (value >= BigInt(LAST_NEGATIVE_OF_32_BITS) && value < BigInt(FIRST_OF_64_BITS)) {
    return Number(value);
  }
  if (BigInt.asUintN(64, value) === value || BigInt.asIntN(64, value) === value) return value;
  throw new MsgpackFault("range", `Cannot write ${value}: more than 64 bits`);
}

function prepareContainer(
  value: readonly MsgpackValue[] | { readonly [key: string]: MsgpackValue },
  levels: number,
): MsgpackValue {
  if (levels === 0) throw new MsgpackFault("depth", "Cannot write a value: nested too deep");
  if (isList(value)) return prepareList(value, levels - 1);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new MsgpackFault("type", "Cannot write an object: neither a list nor plain");
  }
  const items = Object.values(value);
  const prepared = prepareList(items, levels - 1);
  const keys = Object.keys(value);
  for (const key of keys) prepare(key, 0);
  if (prepared === items) return value;
  return Object.fromEntries(keys.map((key, i) => [key, prepared[i] as MsgpackValue]));
}

/** Copies only from the first item on that changes: few do, and encoding is on the hot path. */
function prepareList(items: readonly MsgpackValue[], levels: number): readonly MsgpackValue[] {
  let copy: MsgpackValue[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as MsgpackValue;
    const prepared = prepare(item, levels);
    if (prepared !== item && copy === undefined) copy = items.slice();
    if (copy !== undefined) copy[i] = prepared;
  }
  return copy ?? items;
}

function isList(value: MsgpackValue): value is readonly MsgpackValue[] {
  return Array.isArray(value);
}
