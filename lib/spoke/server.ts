/**
 * The server's side of the exchange: bob's sender (bob-relay, section 4.4). It hashes its password
 * once and then serves any number of clients, each with a state of its own.
 *
 * @module
 */

import { equalConstantTime, wipe } from "../bytes/mod.ts";
import {
  drawBytes,
  type RandomBytes,
  requireBytes,
  requireCount,
  requireIdentity,
} from "./arguments.ts";
import {
  DEFAULT_ROUNDS,
  MAX_ROUNDS,
  POINT_BYTES,
  SALT_BYTES,
  VALIDATOR_BYTES,
  VERSION,
} from "./constants.ts";
import { deriveAll, type Derived, type SharedKeys, wipeKeys } from "./derive.ts";
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
import { type Cipher, encodePublic, type PublicElement } from "./public.ts";

/** How {@linkcode createServer} makes a server. */
export interface ServerOptions {
  /** Raw bytes as the user gave them, empty allowed; not kept. */
  readonly password: Uint8Array;
  /** 16 bytes; drawn when absent. */
  readonly salt?: Uint8Array;
  /** PBKDF2 rounds, 1 to 65536; 16 when absent, as every known client expects. */
  readonly rounds?: number;
  /** Protects what the server sends; AES-256-GCM when absent. */
  readonly cipher0?: Cipher;
  /** Protects what the client sends; ChaCha20-Poly1305 when absent. */
  readonly cipher1?: Cipher;
  /** Cryptographic random source, asked for the salt and for one scalar per client. */
  readonly randomBytes: RandomBytes;
}

/** A server that knows its password's secrets. */
export interface SpokeServer {
  /** The 34 bytes to announce. */
  readonly publicValue: Uint8Array<ArrayBuffer>;
  /**
   * Answers a client's point. A right password cannot be told from a wrong one yet, and whoever
   * gets the first validator can test one guess with it.
   *
   * @param X 32 bytes.
   * @param clientIdentity As in the client's packet, without NUL.
   * @param serverIdentity As the relay gave it to this server, without NUL.
   * @throws {SpokeFault} with code `not-in-subgroup`.
   * @throws {TypeError} or {RangeError} for an argument of another type or length.
   */
  receiveX(X: Uint8Array, clientIdentity: Uint8Array, serverIdentity: Uint8Array): ServerAnswer;
}

/** What the server sends to a client, and what it keeps for that client. */
export interface ServerAnswer {
  /** 32 bytes to send. */
  readonly Y: Uint8Array<ArrayBuffer>;
  /** 64 bytes to send. */
  readonly firstValidator: Uint8Array<ArrayBuffer>;
  /** Waits for the client's proof. */
  readonly pending: PendingServer;
}

/** One client's exchange, waiting for the second validator. */
export interface PendingServer {
  /**
   * Checks the client's proof; usable once, whatever comes of it.
   *
   * @param secondValidator 64 bytes.
   * @throws {SpokeFault} with code `invalid-server-validator`: the client has another password.
   * @throws {TypeError} or {RangeError} for an argument of another type or length.
   */
  receiveValidator(secondValidator: Uint8Array): SharedKeys;
  /** Overwrites the secrets of an exchange that will not go on. Harmless if repeated. */
  forget(): void;
}

/**
 * Makes a server: hashes the password and fixes the public value.
 *
 * @throws {TypeError} or {RangeError} for an option of another type or range.
 */
export function createServer(options: ServerOptions): SpokeServer {
  const { password, rounds = DEFAULT_ROUNDS, randomBytes } = options;
  requireBytes("the password", password);
  requireCount("the rounds", rounds, MAX_ROUNDS);
  const salt = options.salt ?? drawBytes(randomBytes, SALT_BYTES);
  const element: PublicElement = {
    version: VERSION,
    rounds,
    cipher0: options.cipher0 ?? "aes-256-gcm",
    cipher1: options.cipher1 ?? "chacha20-poly1305",
    salt: requireBytes("the salt", salt, SALT_BYTES),
  };
  const publicValue = encodePublic(element);
  return new Server(password, element, publicValue, randomBytes);
}

class Server implements SpokeServer {
  readonly publicValue: Uint8Array<ArrayBuffer>;
  readonly #element: PublicElement;
  readonly #randomBytes: RandomBytes;
  readonly #M: Point;
  readonly #N: Point;
  readonly #L: Point;
  readonly #hK: Uint8Array;

  constructor(
    password: Uint8Array,
    element: PublicElement,
    publicValue: Uint8Array<ArrayBuffer>,
    randomBytes: RandomBytes,
  ) {
    const { M, N, hK, hL } = hashPassword(password, element.salt, element.rounds);
    const scalar = clampScalar(hL);
    this.publicValue = publicValue;
    this.#element = element;
    this.#randomBytes = randomBytes;
    this.#M = M;
    this.#N = N;
    this.#L = multiplyBase(scalar);
    this.#hK = hK;
    wipe(hL, scalar);
  }

  receiveX(X: Uint8Array, clientIdentity: Uint8Array, serverIdentity: Uint8Array): ServerAnswer {
    requireBytes("X", X, POINT_BYTES);
    requireIdentity("the client's identity", clientIdentity);
    requireIdentity("the server's identity", serverIdentity);
    const gx = subtractPoints(decodePoint(X), this.#M);
    const y = drawScalar(this.#randomBytes);
    const Y = new Uint8Array(multiplyBase(y).add(this.#N).toBytes());
    const Z = multiplyPoint(y, gx).toBytes();
    const V = multiplyPoint(y, this.#L).toBytes();
    const derived = deriveAll(
      { clientIdentity, serverIdentity, X, Y, Z, hK: this.#hK, V },
      this.#element,
    );
    wipe(y, Z, V);
    return { Y, firstValidator: derived.firstValidator, pending: new Pending(derived) };
  }
}

class Pending implements PendingServer {
  #derived: Derived | undefined;

  constructor(derived: Derived) {
    this.#derived = derived;
  }

  receiveValidator(secondValidator: Uint8Array): SharedKeys {
    requireBytes("the second validator", secondValidator, VALIDATOR_BYTES);
    const derived = this.#derived;
    if (derived === undefined) throw new Error("Cannot check a validator: the exchange is over");
    if (!equalConstantTime(derived.secondValidator, secondValidator)) {
      this.forget();
      throw new SpokeFault("invalid-server-validator");
    }
    this.#derived = undefined;
    wipe(derived.secondValidator);
    return derived.keys;
  }

  forget(): void {
    if (this.#derived === undefined) return;
    wipeKeys(this.#derived.keys);
    wipe(this.#derived.secondValidator);
    this.#derived = undefined;
  }
}
