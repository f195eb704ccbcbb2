/**
 * CBOR (RFC 8949) data items as they stand on the wire: integers apart from floats, text apart from
 * byte strings, tags kept, pairs of a map in order and never merged.
 *
 * @module
 */

/** One data item. */
export type CborItem =
  | CborInteger
  | CborFloat
  | CborBoolean
  | CborNull
  | CborText
  | CborBytes
  | CborArray
  | CborMap
  | CborTag;

/** Major types 0 and 1: -2^64 to 2^64 - 1. */
export interface CborInteger {
  /** Which kind of item. */
  readonly type: "integer";
  /** The number, exact. */
  readonly value: bigint;
}

/** Major type 7, a float of 16, 32 or 64 bits; all three are exact as a number. */
export interface CborFloat {
  /** Which kind of item. */
  readonly type: "float";
  /** The number. */
  readonly value: number;
}

/** Major type 7, false or true. */
export interface CborBoolean {
  /** Which kind of item. */
  readonly type: "boolean";
  /** The truth value. */
  readonly value: boolean;
}

/** Major type 7, null. */
export interface CborNull {
  /** Which kind of item. */
  readonly type: "null";
}

/** Major type 3; the chunks of an indefinite one are joined. */
export interface CborText {
  /** Which kind of item. */
  readonly type: "text";
  /** The text. */
  readonly value: string;
}

/** Major type 2; the chunks of an indefinite one are joined. */
export interface CborBytes {
  /** Which kind of item. */
  readonly type: "bytes";
  /** The bytes, a copy of the input's. */
  readonly value: Uint8Array;
}

/** Major type 4. */
export interface CborArray {
  /** Which kind of item. */
  readonly type: "array";
  /** The elements. */
  readonly items: readonly CborItem[];
}

/** Major type 5. */
export interface CborMap {
  /** Which kind of item. */
  readonly type: "map";
  /** Key and value in the order of the input; a repeated key stands here twice. */
  readonly pairs: readonly (readonly [CborItem, CborItem])[];
  /** Whether the wire form ended in a break; only coffer's reader asks. */
  readonly indefinite?: boolean;
}

/** Major type 6. */
export interface CborTag {
  /** Which kind of item. */
  readonly type: "tag";
  /** The tag number, 0 to 2^64 - 1. */
  readonly number: bigint;
  /** What it stands in front of. */
  readonly item: CborItem;
}

/** Why an input is not CBOR of this subset. Lengths and positions only, never content. */
export class CborFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "CborFault";
}
