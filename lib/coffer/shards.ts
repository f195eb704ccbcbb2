/**
 * The shards of one load of a definition, ready to be served: lists of entries, and whole reply
 * frames that are sealed once and kept (spec 14.3).
 *
 * @module
 */

import { compute, type X25519 } from "./keys/agreement.ts";
import { KEY_BYTES, MAX_NARROW_BYTES } from "./constants.ts";
import { type Definition, secretsOf } from "./definition/definition.ts";
import { encodeEntries } from "./values/entries.ts";
import type { Framing } from "./frame.ts";
import { Keyring } from "./keys/keyring.ts";
import { encodeServerMessage } from "./message.ts";
import { type RandomSource, sealBox } from "./keys/seal.ts";
import { sameValue, type Secrets } from "./values/value.ts";
import { DESIGN_ENCODING, EXACT_ENCODING, type ValueEncoding } from "./values/value_codec.ts";

/** A reply that its framing cannot carry. */
export const TOO_LARGE = "too-large";

/** How shards are served. */
export interface ShardsOptions {
  /** X25519 at once: serving does not wait. */
  readonly x25519: X25519;
  /** Randomness for the seals. */
  readonly random: RandomSource;
  /**
   * Whether a sealed reply is kept for the next request, so that serving is a look-up; true unless
   * given. Whoever watches the wire then sees that nothing has changed.
   */
  readonly keep?: boolean | undefined;
}

/** The shard of one client. */
class Shard {
  readonly secrets: Secrets;
  readonly kept = new Map<Framing, Uint8Array | typeof TOO_LARGE>();

  constructor(secrets: Secrets) {
    this.secrets = secrets;
  }
}

/** Which shards a reload changed. */
export interface ShardChanges {
  /** Clients that are new. */
  readonly added: readonly Uint8Array[];
  /** Clients whose entries are not what they were. */
  readonly changed: readonly Uint8Array[];
  /** Clients that are gone. */
  readonly removed: readonly Uint8Array[];
}

/** All shards of a definition. */
export class Shards {
  readonly #shards = new Keyring<Shard>();
  readonly #options: ShardsOptions;

  /** Nothing is sealed yet. */
  constructor(definition: Definition, options: ShardsOptions) {
    this.#options = options;
    for (const client of definition.clients) {
      this.#shards.set(client.publicKey, new Shard(secretsOf(client)));
    }
  }

  /** Number of clients. */
  get size(): number {
    return this.#shards.size;
  }

  /** Whether the client is known. */
  has(publicKey: Uint8Array): boolean {
    return this.#shards.has(publicKey);
  }

  /** The client's list of entries, or undefined if it is not known. */
  plaintext(publicKey: Uint8Array, encoding: ValueEncoding): Uint8Array | undefined {
    const shard = this.#shards.get(publicKey);
    return shard && encodeEntries(shard.secrets, encoding);
  }

  /** The plain reply's frame, or undefined if the client is not known. */
  reply(publicKey: Uint8Array, framing: Framing): Uint8Array | typeof TOO_LARGE | undefined {
    const shard = this.#shards.get(publicKey);
    if (shard === undefined) return undefined;
    const kept = shard.kept.get(framing);
    if (kept !== undefined) return kept;
    const reply = this.#seal(shard, publicKey, framing);
    if (this.#options.keep !== false) shard.kept.set(framing, reply);
    return reply;
  }

  /** What is different from an earlier load. */
  changesSince(earlier: Shards): ShardChanges {
    const added: Uint8Array[] = [];
    const changed: Uint8Array[] = [];
    const removed: Uint8Array[] = [];
    for (const [publicKey, shard] of this.#shards.entries()) {
      const before = earlier.#shards.get(publicKey);
      if (before === undefined) added.push(publicKey);
      else if (!sameSecrets(shard.secrets, before.secrets)) changed.push(publicKey);
    }
    for (const [publicKey] of earlier.#shards.entries()) {
      if (!this.has(publicKey)) removed.push(publicKey);
    }
    return { added, changed, removed };
  }

  #seal(shard: Shard, publicKey: Uint8Array, framing: Framing): Uint8Array | typeof TOO_LARGE {
    const { x25519, random } = this.#options;
    const encoding = framing === "wide" ? EXACT_ENCODING : DESIGN_ENCODING;
    const plaintext = encodeEntries(shard.secrets, encoding);
    const sealed = compute(sealBox(plaintext, publicKey, random(KEY_BYTES)), x25519);
    if (framing === "narrow" && sealed.length > MAX_NARROW_BYTES) return TOO_LARGE;
    return encodeServerMessage(framing, { type: "OkGet", sealed });
  }
}

/** The same entries, in whatever order. */
function sameSecrets(a: Secrets, b: Secrets): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !sameValue(value, other)) return false;
  }
  return true;
}
