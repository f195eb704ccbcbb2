/**
 * Colours and the like inside of texts.
 *
 * @module
 */

/** Colour codes with their numbers; every other code is one control character. */
// deno-lint-ignore no-control-regex -- these characters are the matter
const COLOURS = /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[\da-fA-F]{6}(?:,[\da-fA-F]{6})?)?/g;
const CONTROLS = /(?!\t)\p{Cc}/gu;

/** The text alone: no formatting, and no control characters but tabs. */
export function plainText(text: string): string {
  return text.replace(COLOURS, "").replace(CONTROLS, "");
}
