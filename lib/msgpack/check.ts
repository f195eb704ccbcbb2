/**
 * Whether bytes are exactly one well-formed MessagePack value. Runs over all of the input before
 * anything of it is used, so that what reads it afterwards meets wrong types and ranges only.
 *
 * @module
 */

import { ByteReader } from "../bytes/mod.ts";
import { MsgpackFault } from "./fault.ts";
import { type Format, FORMATS } from "./format.ts";

/** Containers inside one another, the outermost included, unless a caller says otherwise. */
export const MAX_DEPTH = 16;

/**
 * Checks that the bytes hold one value and nothing else: no length beyond the end, texts in
 * UTF-8, containers nested no deeper than `maxDepth`. Takes no memory for what it reads.
 *
 * @throws {MsgpackFault} with a code other than `type` and `range`.
 */
export function checkMsgpack(bytes: Uint8Array, maxDepth: number = MAX_DEPTH): void {
  const reader = new ByteReader(bytes, (message) => new MsgpackFault("truncated", message));
  const open: number[] = []; // values still to come in each container around this one
  let left = 1;
  while (true) {
    while (left === 0) {
      const outer = open.pop();
      if (outer === undefined) return checkEnd(reader);
      left = outer;
    }
    left--;
    const at = reader.offset;
    const format = readFormat(reader, at);
    const values = checkValue(reader, format, at);
    if (values === undefined) continue;
    if (open.length === maxDepth) {
      throw new MsgpackFault(
        "depth",
        `Cannot read the container at ${at}: deeper than ${maxDepth} levels`,
      );
    }
    open.push(left);
    left = values;
  }
}

/** Reads a length field of the format's width. */
export function readLength(reader: ByteReader, format: Format): number {
  switch (format.lengthBytes) {
    case 1:
      return reader.u8() + format.size;
    case 2:
      return reader.u16() + format.size;
    case 4:
      return reader.u32() + format.size;
    default:
      return format.size;
  }
}

function readFormat(reader: ByteReader, at: number): Format {
  const format = FORMATS[reader.u8()];
  if (format?.type === undefined) {
    throw new MsgpackFault("reserved", `Cannot read the value at ${at}: first byte c1`);
  }
  return format;
}

/** Passes over one value; of a container over its head only, and says how many values follow. */
function checkValue(reader: ByteReader, format: Format, at: number): number | undefined {
  const length = readLength(reader, format);
  switch (format.type) {
    case "array":
    case "map": {
      const values = format.type === "map" ? length * 2 : length;
      if (values > reader.remaining) {
        throw new MsgpackFault(
          "truncated",
          `Cannot read the container at ${at}: ${values} values in ${reader.remaining} bytes`,
        );
      }
      return values;
    }
    case "string":
      checkText(reader.take(length), at);
      return undefined;
    default:
      reader.take(length);
      return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function checkText(text: Uint8Array, at: number): void {
  if (isAscii(text)) return; // most texts, and much cheaper than the decoder for short ones
  try {
    utf8.decode(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new MsgpackFault("utf8", `Cannot read the text at ${at}: not UTF-8`);
  }
}

/** Whether no byte is above 7f. */
export function isAscii(text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if ((text[i] as number) > 0x7f) return false;
  return true;
}

function checkEnd(reader: ByteReader): void {
  if (reader.remaining === 0) return;
  throw new MsgpackFault(
    "trailing",
    `Cannot read the value: ${reader.remaining} bytes follow it`,
  );
}
