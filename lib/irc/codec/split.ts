/**
 * Long texts as several messages.
 *
 * @module
 */

import { byteLength, cutText } from "./text.ts";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The lines of a text, each at most `most` bytes of UTF-8: cut between words where possible, else
 * between what people see as characters, and inside of these only if one alone is too long. Empty
 * lines are left out, and NUL and the mark of CTCP, which no text may hold.
 *
 * @throws {RangeError} if `most` has no room for every character of Unicode.
 */
export function splitText(text: string, most: number): string[] {
  if (most < 4) throw new RangeError(`Cannot split a text into pieces of ${most} bytes`);
  // deno-lint-ignore no-control-regex -- these characters are the matter
  const lines = text.toWellFormed().replace(/[\x00\x01]/g, "").split(/\r\n|\r|\n/);
  return lines.flatMap((line) => splitLine(line, most));
}

function splitLine(line: string, most: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (byteLength(rest) > most) {
    const fits = cutText(rest, most);
    const [piece, next] = cutAtSpace(rest, fits) ?? cutAtGrapheme(rest, fits);
    if (piece.trim() !== "") pieces.push(piece);
    rest = next;
  }
  if (rest.trim() !== "") pieces.push(rest);
  return pieces;
}

/** Cuts at the last space that lies within, or right behind, what fits; it is left out. */
function cutAtSpace(text: string, fits: string): [string, string] | undefined {
  const at = text.lastIndexOf(" ", fits.length);
  return at <= 0 ? undefined : [text.slice(0, at), text.slice(at + 1)];
}

function cutAtGrapheme(text: string, fits: string): [string, string] {
  const at = graphemes.segment(text).containing(fits.length)?.index ?? fits.length;
  const end = at > 0 ? at : fits.length;
  return [text.slice(0, end), text.slice(end)];
}
