/**
 * The id of a spawn and its forms in argv[1] (section 3.1).
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import { ID_BYTES } from "./constants.ts";
import { TribaFault } from "./fault.ts";

const UUID_TEXT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const UUID_TEXT_BYTES = 36;
const STANDARD_ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE_ALPHABET = /^[A-Za-z0-9_-]*={0,2}$/;

/**
 * Makes an id: a version 4 UUID as 16 bytes in RFC 4122 order, 122 bits of it random.
 *
 * @param random Returns that many random bytes.
 */
export function makeId(random: (length: number) => Uint8Array): Uint8Array<ArrayBuffer> {
  const id = new Uint8Array(random(ID_BYTES));
  id[6] = (id[6] as number) & 0x0f | 0x40;
  id[8] = (id[8] as number) & 0x3f | 0x80;
  return id;
}

/** The id as argv[1]: standard base64 with padding, 24 characters. */
export function formatIdArgument(id: Uint8Array): string {
  checkLength(id);
  return encodeBase64(id);
}

/**
 * Reads argv[1]. Takes 16 bytes or the 36 characters of a UUID as text, in the standard or the
 * URL-safe alphabet of base64, padded or not.
 *
 * @throws {TribaFault} `id-argument`; the message does not repeat the argument.
 */
export function parseIdArgument(argument: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeStrictly(argument);
  if (bytes.length === ID_BYTES) return bytes;
  const text = new TextDecoder("latin1").decode(bytes);
  if (bytes.length !== UUID_TEXT_BYTES || !UUID_TEXT.test(text)) {
    throw refuse("neither 16 bytes nor the text of a UUID");
  }
  return Uint8Array.from(
    text.replaceAll("-", "").match(/../g) ?? [],
    (pair) => Number.parseInt(pair, 16),
  );
}

/** The id as logs show it: its first four hexadecimal digits (section 9.3). */
export function describeId(id: Uint8Array): string {
  return `${encodeHex(id.subarray(0, 2))}...`;
}

/** Decodes base64 and refuses all but one spelling per alphabet and padding. */
function decodeStrictly(argument: string): Uint8Array<ArrayBuffer> {
  if (!STANDARD_ALPHABET.test(argument) && !URL_SAFE_ALPHABET.test(argument)) {
    throw refuse("characters that are not base64, or of two alphabets");
  }
  const digits = argument.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  const padded = digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
  if (argument.endsWith("=") && argument.length !== padded.length) throw refuse("wrong padding");
  if (digits.length % 4 === 1) throw refuse("a digit of base64 too many");
  const bytes = decodeBase64(padded);
  if (encodeBase64(bytes) !== padded) throw refuse("unused bits are not zero");
  return bytes;
}

function refuse(state: string): TribaFault {
  return new TribaFault("id-argument", `Cannot read the id in the first argument: ${state}`);
}

function checkLength(id: Uint8Array): void {
  if (id.length !== ID_BYTES) {
    throw new RangeError(`Cannot use an id of ${id.length} bytes: it must have ${ID_BYTES}`);
  }
}
