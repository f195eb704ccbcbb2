/**
 * Sealed definition files: the original's, a sealed box and nothing around it (spec section 8), and
 * the seed's, which names the companion that made it (14.6).
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { equalConstantTime } from "../../bytes/mod.ts";
import type { Computation } from "../keys/agreement.ts";
import { KEY_BYTES } from "../constants.ts";
import { CofferFault } from "../fault.ts";
import {
  agreeBoxKey,
  closeBox,
  type KeyPair,
  NONCE_BYTES,
  openBox,
  openSealedBox,
  type RandomSource,
  sealBox,
} from "../keys/seal.ts";

/** What an authenticated definition begins with. */
export const MAGIC: Uint8Array = new TextEncoder().encode("COFFERD1");
const HEADER_BYTES = MAGIC.length + KEY_BYTES + NONCE_BYTES;
const TIME_BYTES = 8;

/** An opened definition file. */
export interface OpenedDefinition {
  /** The definition. */
  readonly toml: Uint8Array;
  /** Who sealed it and when; undefined for a sealed box, which anybody can make. */
  readonly origin: DefinitionOrigin | undefined;
}

/** Where an authenticated definition comes from. */
export interface DefinitionOrigin {
  /** The companion's public key. */
  readonly companion: Uint8Array;
  /** When it was sealed, in seconds since 1970. */
  readonly time: bigint;
}

/** What a server demands of a definition file. */
export interface DefinitionTrust {
  /** With any key given, only these companions' authenticated definitions are taken. */
  readonly companions?: readonly Uint8Array[] | undefined;
  /** On a reload: when the running definition was sealed; nothing older replaces it. */
  readonly notBefore?: bigint | undefined;
}

/**
 * The original's form.
 *
 * @throws {CofferFault} with `bad-key` when the server's key is a point of low order.
 */
export function sealDefinition(
  toml: Uint8Array,
  serverKey: Uint8Array,
  random: RandomSource,
): Computation<Uint8Array<ArrayBuffer>> {
  return sealBox(toml, serverKey, random(KEY_BYTES));
}

/**
 * The authenticated form, which original servers cannot read: a box and no signature, so the
 * server itself could have made it, but nobody else.
 *
 * @param time Seconds since 1970.
 * @throws {CofferFault} with `bad-key` when the server's key is a point of low order.
 */
export function* sealAuthenticatedDefinition(
  toml: Uint8Array,
  serverKey: Uint8Array,
  companion: KeyPair,
  time: bigint,
  random: RandomSource,
): Computation<Uint8Array<ArrayBuffer>> {
  const boxKey = yield* agreeBoxKey(companion.secretKey, serverKey);
  if (boxKey === undefined) {
    throw new CofferFault("bad-key", "Cannot seal: the server's key is a point of low order");
  }
  const nonce = random(NONCE_BYTES);
  const content = new Uint8Array(TIME_BYTES + toml.length);
  new DataView(content.buffer).setBigUint64(0, time);
  content.set(toml, TIME_BYTES);
  return concat([MAGIC, companion.publicKey, nonce, closeBox(boxKey, nonce, content)]);
}

/**
 * Opens a file of either form. A sealed box begins with a random key, so that one looks like the
 * other has a probability of 2^-64.
 *
 * @throws {CofferFault} with `bad-seal` when it cannot be opened or is not to be trusted.
 */
export function* openDefinition(
  file: Uint8Array,
  server: KeyPair,
  trust: DefinitionTrust = {},
): Computation<OpenedDefinition> {
  const companions = trust.companions ?? [];
  if (startsWith(file, MAGIC)) return yield* openAuthenticated(file, server, companions, trust);
  if (companions.length > 0) throw fault("it names no companion, and one is demanded");
  const toml = yield* openSealedBox(file, server);
  if (toml === undefined) throw fault("not sealed to this key, or damaged");
  return { toml, origin: undefined };
}

function* openAuthenticated(
  file: Uint8Array,
  server: KeyPair,
  companions: readonly Uint8Array[],
  trust: DefinitionTrust,
): Computation<OpenedDefinition> {
  if (file.length < HEADER_BYTES) throw fault("too short");
  const companion = file.slice(MAGIC.length, MAGIC.length + KEY_BYTES);
  const nonce = file.subarray(MAGIC.length + KEY_BYTES, HEADER_BYTES);
  if (companions.length > 0 && !companions.some((key) => equalConstantTime(key, companion))) {
    throw fault("it comes from a companion that was not named");
  }
  if (equalConstantTime(companion, server.publicKey)) {
    throw fault("its companion has the server's own key");
  }
  const boxKey = yield* agreeBoxKey(server.secretKey, companion);
  const content = boxKey && openBox(boxKey, nonce, file.subarray(HEADER_BYTES));
  if (content === undefined || content.length < TIME_BYTES) {
    throw fault("not made for this key, or damaged");
  }
  const time = new DataView(content.buffer, content.byteOffset).getBigUint64(0);
  if (trust.notBefore !== undefined && time < trust.notBefore) {
    throw fault("it is older than the running one");
  }
  return { toml: content.subarray(TIME_BYTES), origin: { companion, time } };
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, at) => bytes[at] === byte);
}

function fault(state: string): CofferFault {
  return new CofferFault("bad-seal", `Cannot open the definition: ${state}`);
}
