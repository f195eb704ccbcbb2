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
  if (surplus !== undefined) throw noChannel();
  const address = key === undefined ? { name } : { name, key };
  checkChannelAddress(address);
  return address;
}

/** Checks that name and key can be parameters. @throws {IrcFault} `argument`. */
export function checkChannelAddress({ name, key }: ChannelAddress): void {
  if (!isChannelName(name) || !(key === undefined || isChannelName(key))) throw noChannel();
}

/** Checks that a name is one target: a nickname or a channel. @throws {IrcFault} `argument`. */
export function checkTarget(name: string): void {
  if (!isNick(name) && !isChannelName(name)) {
    throw new IrcFault("argument", "Cannot send: that is no name of a channel or a person");
  }
}

function noChannel(): IrcFault {
  return new IrcFault("argument", "Cannot join: the name of a channel holds no space or comma");
}
