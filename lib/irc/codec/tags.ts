/**
 * Message tags (IRCv3 message-tags): `@key=value;other` in front of a message.
 *
 * @module
 */

import { IrcFault } from "../fault.ts";

/** Tags by their keys; a tag without a value has the empty one. */
export type Tags = ReadonlyMap<string, string>;

/** No tags. */
export const NO_TAGS: Tags = new Map();

/** Optional `+` of client-only tags, optional vendor, name. */
const KEY = /^\+?(?:[A-Za-z0-9.:-]+\/)?[A-Za-z0-9-]+$/;

const ESCAPES: Readonly<Record<string, string>> = {
  ";": "\\:",
  " ": "\\s",
  "\\": "\\\\",
  "\r": "\\r",
  "\n": "\\n",
};
const UNESCAPES: Readonly<Record<string, string>> = {
  ":": ";",
  s: " ",
  r: "\r",
  n: "\n",
};

/**
 * Reads what stands between `@` and the first space. The last of equal keys counts; keys that the
 * document does not allow are skipped, as nothing can be known about them.
 */
export function parseTags(text: string): Tags {
  const tags = new Map<string, string>();
  for (const tag of text.split(";")) {
    const at = tag.indexOf("=");
    const key = at < 0 ? tag : tag.slice(0, at);
    if (!KEY.test(key)) continue;
    const value = at < 0 ? "" : unescapeTag(tag.slice(at + 1));
    if (value.includes("\0")) continue; // could not be written again
    tags.set(key, value);
  }
  return tags;
}

/**
 * Writes tags, without `@` and the space behind.
 *
 * @throws {IrcFault} `argument` for a key or value that cannot be written.
 */
export function formatTags(tags: Tags): string {
  return [...tags].map(([key, value]) => {
    if (!KEY.test(key)) {
      throw new IrcFault("argument", "Cannot write a tag: its key is not allowed");
    }
    if (value.includes("\0")) {
      throw new IrcFault("argument", `Cannot write the tag "${key}": its value holds a NUL`);
    }
    return value === "" ? key : `${key}=${escapeTag(value)}`;
  }).join(";");
}

function escapeTag(value: string): string {
  return value.replace(/[; \\\r\n]/g, (character) => ESCAPES[character] as string);
}

/** An unknown escape is the character itself; a lone backslash at the end is nothing. */
function unescapeTag(value: string): string {
  return value.replace(/\\(.?)/gsu, (_, character: string) => UNESCAPES[character] ?? character);
}
