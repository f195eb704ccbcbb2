/**
 * SASL PLAIN (RFC 4616) in the pieces that IRC wants.
 *
 * @module
 */

import { encodeBase64 } from "@std/encoding/base64";
import { SASL_CHUNK_BYTES } from "../constants.ts";
import { IrcFault } from "../fault.ts";
import { encodeText } from "./text.ts";

/** An account of a network. */
export interface Credentials {
  /** Its name. */
  readonly account: string;
  /** Its password; never part of a message or a log. */
  readonly secret: string;
}

/**
 * The parameters of the `AUTHENTICATE` messages: base64 in pieces of 400 bytes; a `+` says that
 * nothing, or nothing more, follows a full piece.
 *
 * @throws {IrcFault} `argument` if account or password hold a NUL, or one is empty.
 */
export function formatPlain({ account, secret }: Credentials): string[] {
  if (account === "" || secret === "" || account.includes("\0") || secret.includes("\0")) {
    throw new IrcFault("argument", "Cannot log in: account and password must be texts without NUL");
  }
  const text = encodeBase64(encodeText(`\0${account}\0${secret}`));
  const chunks = text.match(new RegExp(`.{1,${SASL_CHUNK_BYTES}}`, "g")) ?? [];
  return chunks.at(-1)?.length === SASL_CHUNK_BYTES ? [...chunks, "+"] : [...chunks];
}
