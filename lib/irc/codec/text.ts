/**
 * Bytes of IRC as text. The protocol names no encoding: everybody writes UTF-8, old clients write
 * what Windows called Latin 1.
 *
 * @module
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const western = new TextDecoder("windows-1252");
const encoder = new TextEncoder();

/** The text of a line: UTF-8, or windows-1252 where it is none. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return western.decode(bytes); // every byte is a character of it
  }
}

/** The text in UTF-8; lone surrogates become U+FFFD. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Number of bytes of the text in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** The longest start of the text that has at most `most` bytes; no character is cut. */
export function cutText(text: string, most: number): string {
  if (most <= 0) return "";
  const { read } = encoder.encodeInto(text, new Uint8Array(most));
  return text.slice(0, read);
}
