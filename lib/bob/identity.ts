/**
 * Identities: the address of a peer as the relay sees it, in text. Both peers put it into the key
 * exchange byte for byte, and each names the other by it on the secure port (sections 1 and 5 of
 * the protocol document).
 *
 * @module
 */

import type { HostPort } from "../net/mod.ts";
import { MAX_IDENTITY_BYTES } from "./constants.ts";

const FIRST_VISIBLE = 0x21;
const LAST_VISIBLE = 0x7e;

/**
 * The identity of a peer: address, colon, port; IPv6 without brackets.
 *
 * @throws {RangeError} when the host is no plain address.
 */
export function makeIdentity({ host, port }: HostPort): Uint8Array<ArrayBuffer> {
  const identity = new TextEncoder().encode(`${host}:${port}`);
  if (host !== "" && isAcceptableIdentity(identity)) return identity;
  throw new RangeError(`Cannot make an identity: "${host}" is no address`);
}

/**
 * Whether an identity that came from a stranger may be used: 1 to 99 bytes, visible ASCII without
 * blanks. Anything else would not fit the line of the secure port, or could deceive a reader.
 */
export function isAcceptableIdentity(identity: Uint8Array): boolean {
  return identity.length > 0 && identity.length <= MAX_IDENTITY_BYTES &&
    identity.every((byte) => byte >= FIRST_VISIBLE && byte <= LAST_VISIBLE);
}

/** An identity as a text of one character a byte: two are equal exactly if their texts are. */
export function identityText(identity: Uint8Array): string {
  return String.fromCharCode(...identity);
}
