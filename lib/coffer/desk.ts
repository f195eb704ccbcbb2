/**
 * Answers to Gets: the plain reply, the authenticated one, or the reason for neither (spec 14.4).
 *
 * @module
 */

import { compute, type X25519 } from "./keys/agreement.ts";
import { openRequest, sealReply } from "./authenticated.ts";
import { MAX_NARROW_BYTES } from "./constants.ts";
import type { Definition } from "./definition/definition.ts";
import { CofferFault } from "./fault.ts";
import { Keyring } from "./keys/keyring.ts";
import { encodeServerMessage } from "./message.ts";
import { ReplayWindow } from "./replay.ts";
import { agreeBoxKey, type KeyPair, type RandomSource } from "./keys/seal.ts";
import type { Answer, Desk, GetRequest } from "./server_machine.ts";
import { type ShardChanges, Shards, TOO_LARGE } from "./shards.ts";

/** What a desk works with. */
export interface ReplyDeskOptions {
  /** The server's pair. */
  readonly server: KeyPair;
  /** X25519 at once. */
  readonly x25519: X25519;
  /** Randomness for seals and nonces. */
  readonly random: RandomSource;
  /** Seconds since 1970. */
  readonly clock: () => number;
  /** Whether only authenticated requests are answered. */
  readonly requireAuthenticated?: boolean | undefined;
  /** Whether sealed plain replies are kept, see {@linkcode Shards}. */
  readonly keep?: boolean | undefined;
  /** Requests that were answered: handed from desk to desk when a definition is reloaded. */
  readonly replays?: ReplayWindow | undefined;
}

/** The desk of one load of a definition. */
export class ReplyDesk implements Desk {
  readonly #options: ReplyDeskOptions;
  readonly #shards: Shards;
  readonly #replays: ReplayWindow;
  /** Keys of the boxes between the server and each client, once one was needed. */
  readonly #boxKeys = new Keyring<Uint8Array | undefined>();

  /** Nothing is sealed until somebody asks. */
  constructor(definition: Definition, options: ReplyDeskOptions) {
    this.#options = options;
    this.#shards = new Shards(definition, options);
    this.#replays = options.replays ?? new ReplayWindow();
  }

  /** The next load's desk, which remembers the requests that this one answered. */
  reload(
    definition: Definition,
    server: KeyPair,
  ): { readonly desk: ReplyDesk; readonly changes: ShardChanges } {
    const desk = new ReplyDesk(definition, {
      ...this.#options,
      server,
      replays: this.#replays,
    });
    return { desk, changes: desk.#shards.changesSince(this.#shards) };
  }

  /** Number of clients. */
  get size(): number {
    return this.#shards.size;
  }

  /** Whether a client of this key is known. */
  knows(publicKey: Uint8Array): boolean {
    return this.#shards.has(publicKey);
  }

  /** The answer to a Get. */
  answer(request: GetRequest): Answer {
    if (request.body.length > 0 || this.#options.requireAuthenticated === true) {
      if (!this.#shards.has(request.publicKey)) return { type: "unknown-key" };
      const authenticated = this.#authenticated(request);
      if (authenticated !== undefined) return authenticated;
      if (this.#options.requireAuthenticated === true) {
        return { type: "refuse", reason: "authentication required" };
      }
    }
    const frame = this.#shards.reply(request.publicKey, request.framing);
    if (frame === undefined) return { type: "unknown-key" };
    if (frame === TOO_LARGE) return { type: "refuse", reason: "shard too large for this framing" };
    return { type: "reply", frame, authenticated: false };
  }

  /** Undefined for a body that is no request to this server: the original ignores any. */
  #authenticated({ publicKey, framing, body }: GetRequest): Answer | undefined {
    if (body.length === 0) return undefined;
    const { server, x25519, random, clock } = this.#options;
    const boxKey = this.#boxKey(publicKey);
    const request = boxKey === undefined ? "ignored" : openRequest(body, boxKey);
    if (boxKey === undefined || request === "ignored") return undefined;
    const fresh = request !== "bad" &&
      this.#replays.accept(publicKey, request.nonce, request.time, clock());
    if (request === "bad" || !fresh) return { type: "refuse", reason: "bad request" };
    const plaintext = this.#shards.plaintext(publicKey, request.encoding);
    if (plaintext === undefined) return { type: "unknown-key" };
    const parts = {
      request,
      plaintext,
      clientKey: publicKey,
      serverKey: server.publicKey,
      boxKey,
    };
    try {
      const sealed = compute(sealReply(parts, random), x25519);
      if (framing === "narrow" && sealed.length > MAX_NARROW_BYTES) {
        return { type: "refuse", reason: "shard too large for this framing" };
      }
      const frame = encodeServerMessage(framing, { type: "OkGet", sealed });
      return { type: "reply", frame, authenticated: true };
    } catch (error) {
      if (error instanceof CofferFault) return { type: "refuse", reason: "bad request" };
      throw error;
    }
  }

  #boxKey(publicKey: Uint8Array): Uint8Array | undefined {
    if (this.#boxKeys.has(publicKey)) return this.#boxKeys.get(publicKey);
    const { server, x25519 } = this.#options;
    const boxKey = compute(agreeBoxKey(server.secretKey, publicKey), x25519);
    this.#boxKeys.set(publicKey, boxKey);
    return boxKey;
  }
}
