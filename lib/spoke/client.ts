/**
 * The client's side of the exchange: bob's receiver (bob-relay, section 4.4). One state per
 * announced server; the password is hashed once in it.
 *
 * @module
 */

import { equalConstantTime, wipe } from "../bytes/mod.ts";
import { type RandomBytes, requireBytes, requireIdentity } from "./arguments.ts";
import { MAX_ROUNDS, POINT_BYTES, VALIDATOR_BYTES } from "./constants.ts";
import { deriveAll, type SharedKeys, wipeKeys } from "./derive.ts";
import { SpokeFault } from "./fault.ts";
import {
  clampScalar,
  decodePoint,
  drawScalar,
  multiplyBase,
  multiplyPoint,
  type Point,
  subtractPoints,
} from "./group.ts";
import { hashPassword } from "./password.ts";
import { decodePublic, type PublicElement } from "./public.ts";

/** How {@linkcode startClient} starts an exchange. */
export interface ClientOptions {
  /** Raw bytes as the user gave them, empty allowed; not kept. */
  readonly password: Uint8Array;
  /** What the server announced, of any length. */
  readonly publicValue: Uint8Array;
  /** Most PBKDF2 rounds that this program is ready to compute; 65536 when absent. */
  readonly maxRounds?: number;
  /** Cryptographic random source, asked for one scalar. */
  readonly randomBytes: RandomBytes;
}

/** An exchange with one server, waiting for its point. */
export interface SpokeClient {
  /** 32 bytes to send. */
  readonly X: Uint8Array<ArrayBuffer>;
  /**
   * Checks the server's proof; usable once, whatever comes of it: each answer is one guess for a
   * hostile server.
   *
   * @param Y 32 bytes.
   * @param firstValidator 64 bytes.
   * @param clientIdentity As the relay gave it to this client, without NUL.
   * @param serverIdentity As announced, without NUL.
   * @throws {SpokeFault} with code `not-in-subgroup`, or `invalid-client-validator`: the server has
   * another password, or saw other identities.
   * @throws {TypeError} or {RangeError} for an argument of another type or length.
   */
  receiveY(
    Y: Uint8Array,
    firstValidator: Uint8Array,
    clientIdentity: Uint8Array,
    serverIdentity: Uint8Array,
  ): ClientAnswer;
  /** Overwrites the secrets of an exchange that will not go on. Harmless if repeated. */
  forget(): void;
}

/** What the client sends, and the keys. */
export interface ClientAnswer {
  /** 64 bytes to send. */
  readonly secondValidator: Uint8Array<ArrayBuffer>;
  /** Shared with the server, which has proved to know the password. */
  readonly keys: SharedKeys;
}

/**
 * Starts an exchange: reads the announced value, hashes the password and makes the client's point.
 *
 * @throws {SpokeFault} with code `invalid-public`.
 * @throws {TypeError} or {RangeError} for an argument of another type or range.
 */
export function startClient(options: ClientOptions): SpokeClient {
  const { password, publicValue, maxRounds = MAX_ROUNDS, randomBytes } = options;
  requireBytes("the password", password);
  return new Client(password, decodePublic(publicValue, maxRounds), randomBytes);
}

/** What a client keeps between X and Y. */
interface ClientSecrets {
  readonly x: Uint8Array;
  readonly N: Point;
  readonly hK: Uint8Array;
  readonly hL: Uint8Array;
}

class Client implements SpokeClient {
  readonly X: Uint8Array<ArrayBuffer>;
  readonly #element: PublicElement;
  #secrets: ClientSecrets | undefined;

  constructor(password: Uint8Array, element: PublicElement, randomBytes: RandomBytes) {
    const { M, N, hK, hL } = hashPassword(password, element.salt, element.rounds);
    const x = drawScalar(randomBytes);
    this.X = new Uint8Array(multiplyBase(x).add(M).toBytes());
    this.#element = element;
    this.#secrets = { x, N, hK, hL };
  }

  receiveY(
    Y: Uint8Array,
    firstValidator: Uint8Array,
    clientIdentity: Uint8Array,
    serverIdentity: Uint8Array,
  ): ClientAnswer {
    requireBytes("Y", Y, POINT_BYTES);
    requireBytes("the first validator", firstValidator, VALIDATOR_BYTES);
    requireIdentity("the client's identity", clientIdentity);
    requireIdentity("the server's identity", serverIdentity);
    const secrets = this.#secrets;
    if (secrets === undefined) throw new Error("Cannot use Y: the exchange is over");
    try {
      return this.#answer(secrets, Y, firstValidator, clientIdentity, serverIdentity);
    } finally {
      this.forget();
    }
  }

  forget(): void {
    if (this.#secrets === undefined) return;
    wipe(this.#secrets.x, this.#secrets.hK, this.#secrets.hL);
    this.#secrets = undefined;
  }

  #answer(
    { x, N, hK, hL }: ClientSecrets,
    Y: Uint8Array,
    firstValidator: Uint8Array,
    clientIdentity: Uint8Array,
    serverIdentity: Uint8Array,
  ): ClientAnswer {
    const gy = subtractPoints(decodePoint(Y), N);
    const scalar = clampScalar(hL);
    const Z = multiplyPoint(x, gy).toBytes();
    const V = multiplyPoint(scalar, gy).toBytes();
    const derived = deriveAll(
      { clientIdentity, serverIdentity, X: this.X, Y, Z, hK, V },
      this.#element,
    );
    wipe(scalar, Z, V);
    if (!equalConstantTime(derived.firstValidator, firstValidator)) {
      wipeKeys(derived.keys);
      wipe(derived.firstValidator, derived.secondValidator);
      throw new SpokeFault("invalid-client-validator");
    }
    return { secondValidator: derived.secondValidator, keys: derived.keys };
  }
}
