/**
 * Opening the reply that a client machine fetched.
 *
 * @module
 */

import { wipe } from "../bytes/mod.ts";
import type { Computation } from "./keys/agreement.ts";
import { openAuthenticatedReply, type PendingRequest } from "./authenticated.ts";
import { decodeEntries } from "./values/entries.ts";
import { CofferFault } from "./fault.ts";
import { type KeyPair, openSealedBox } from "./keys/seal.ts";
import type { Secrets } from "./values/value.ts";

/** What a client expects of a reply. */
export interface ReplyExpectation {
  /** The client's pair. */
  readonly client: KeyPair;
  /** The request that went out; without one the reply is a plain sealed box. */
  readonly request?: PendingRequest | undefined;
  /** With a request: whether a plain sealed box will do as well. */
  readonly allowUnauthenticated?: boolean | undefined;
}

/** What a reply held. */
export interface OpenedReply {
  /** The entries. */
  readonly secrets: Secrets;
  /** Whether it proved the server's key; a plain sealed box could be anybody's. */
  readonly authenticated: boolean;
}

/**
 * The entries of a reply.
 *
 * @throws {CofferFault} with `not-authenticated`, `bad-seal` or `bad-reply`.
 */
export function* openReply(
  sealed: Uint8Array,
  expectation: ReplyExpectation,
): Computation<OpenedReply> {
  const { client, request, allowUnauthenticated = false } = expectation;
  const proved = request === undefined ? undefined : yield* openAuthenticatedReply(sealed, request);
  if (proved !== undefined) return { secrets: readAndWipe(proved), authenticated: true };
  if (request !== undefined && !allowUnauthenticated) {
    const what = "Cannot trust the reply: it does not prove the server's key";
    throw new CofferFault("not-authenticated", what);
  }
  const plain = yield* openSealedBox(sealed, client);
  if (plain === undefined) {
    const what = "Cannot open the reply: not sealed to this key, or damaged";
    throw new CofferFault("bad-seal", what);
  }
  return { secrets: readAndWipe(plain), authenticated: false };
}

function readAndWipe(plaintext: Uint8Array): Secrets {
  try {
    return decodeEntries(plaintext);
  } finally {
    wipe(plaintext);
  }
}
