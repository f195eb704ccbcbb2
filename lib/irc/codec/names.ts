/**
 * Names that users give: checked before they become parts of messages.
 *
 * @module
 */

import { IrcFault } from "../fault.ts";

/**
 * A nickname that can be a parameter: not empty, no space, control, `!`, `@`, `,` or `*`, no digit,
 * colon or channel's mark in front. Which letters it may have is for the server to say.
 */
export function isNick(text: string): boolean {
  return /^[^\s\p{Cc}!@,*?:#&+0-9-][^\s\p{Cc}!@,*?]*$/u.test(text);
}

/** A channel's name that can be a parameter: no space, control or comma. */
export function isChannelName(text: string): boolean {
  return /^[^\s\p{Cc},:][^\s\p{Cc},]*$/u.test(text);
}

/** A channel with the key that opens it. */
export interface ChannelAddress {
  /** Its name. */
  readonly name: string;
  /** Its key, if it needs one. */
  readonly key?: string | undefined;
}

/**
 * Reads `NAME` or `NAME KEY`.
 *
 * @throws {IrcFault} `argument`.
 */
export function parseChannelAddress(text: string): ChannelAddress {
  const [name = "", key, surplus] = text.trim().split(/ +/, 3);
  const isKey = key === undefined || isChannelName(key);
  if (!isChannelName(name) || !isKey || surplus !== undefined) {
    throw new IrcFault("argument", "Cannot join: the name of a channel holds no space or comma");
  }
  return key === undefined ? { name } : { name, key };
}
