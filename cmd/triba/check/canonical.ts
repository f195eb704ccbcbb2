/**
 * Whether MessagePack is in its shortest form, as this text wants it written (section 6.1).
 *
 * @module
 */

import {
  encodeMsgpack,
  type MsgpackReader,
  type MsgpackValue,
  readMsgpack,
} from "../../../lib/msgpack/mod.ts";

/** What is not as it should be; undefined if nothing is. */
export function findOddity(bytes: Uint8Array): string | undefined {
  let value: MsgpackValue;
  try {
    value = toValue(readMsgpack(bytes));
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  const shortest = encodeMsgpack(value);
  if (shortest.length === bytes.length) return undefined;
  return `${bytes.length} bytes where ${shortest.length} say the same`;
}

/** The value. @throws {RangeError} for a type that is never written. */
function toValue(reader: MsgpackReader): MsgpackValue {
  switch (reader.type) {
    case "nil":
      reader.nil();
      return null;
    case "boolean":
      return reader.boolean();
    case "integer":
      return reader.integer();
    case "string":
      return reader.string();
    case "array":
      return Array.from({ length: reader.array() }, () => toValue(reader));
    case "map":
      return Object.fromEntries(
        Array.from({ length: reader.map() }, () => [reader.string(), toValue(reader)]),
      );
    default:
      throw new RangeError(`a value of type ${reader.type}`);
  }
}
