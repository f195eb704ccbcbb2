/**
 * Texts of the peer inside messages.
 *
 * @module
 */

import { escapeControls } from "../log/mod.ts";

const MOST_CHARACTERS = 200;

/** The text in quotes, its control characters escaped, cut after 200 characters. */
export function quote(text: string): string {
  return `"${oneLine(text)}"`;
}

/** The text without control characters, cut after 200 characters. */
export function oneLine(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
  return escapeControls(cut);
}
