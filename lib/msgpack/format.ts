/**
 * The first byte of a value and what it says about the rest: one table for all 256, from the
 * MessagePack specification's section "Formats".
 *
 * @module
 */

/** The types of MessagePack values; integers and floats are different ones. */
export type MsgpackType =
  | "nil"
  | "boolean"
  | "integer"
  | "float"
  | "string"
  | "binary"
  | "array"
  | "map"
  | "extension";

/** How the bytes after a first byte are laid out. */
export interface Format {
  /** Undefined for `c1`, which no value begins with. */
  readonly type: MsgpackType | undefined;
  /** Width of the length field that follows: 0, 1, 2 or 4 bytes. */
  readonly lengthBytes: number;
  /**
   * Added to the length field: the bytes of a number, the type byte of an extension, and where
   * there is no length field the length itself. Counts entries for arrays and maps, else bytes.
   */
  readonly size: number;
}

/** The format of each first byte. */
export const FORMATS: readonly Format[] = Object.freeze(Array.from({ length: 256 }, describe));

function describe(_: unknown, byte: number): Format {
  if (byte <= 0x7f || byte >= 0xe0) return format("integer");
  if (byte <= 0x8f) return format("map", 0, byte & 0x0f);
  if (byte <= 0x9f) return format("array", 0, byte & 0x0f);
  if (byte <= 0xbf) return format("string", 0, byte & 0x1f);
  if (byte === 0xc0) return format("nil");
  if (byte === 0xc1) return format(undefined);
  if (byte <= 0xc3) return format("boolean");
  if (byte <= 0xc6) return format("binary", 1 << (byte - 0xc4));
  if (byte <= 0xc9) return format("extension", 1 << (byte - 0xc7), 1);
  if (byte <= 0xcb) return format("float", 0, 4 << (byte - 0xca));
  if (byte <= 0xcf) return format("integer", 0, 1 << (byte - 0xcc));
  if (byte <= 0xd3) return format("integer", 0, 1 << (byte - 0xd0));
  if (byte <= 0xd8) return format("extension", 0, 1 + (1 << (byte - 0xd4)));
  if (byte <= 0xdb) return format("string", 1 << (byte - 0xd9));
  return format(byte <= 0xdd ? "array" : "map", byte & 1 ? 4 : 2);
}

function format(type: MsgpackType | undefined, lengthBytes = 0, size = 0): Format {
  return { type, lengthBytes, size };
}
