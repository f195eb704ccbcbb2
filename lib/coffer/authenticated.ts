/**
 * The authenticated mode (spec 14.4): a request in the body of Get that only the server can read
 * and only the client can have made, and a reply to it that only the server can have made, sealed
 * to a key that the client forgets.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { CborFault, type CborItem, type CborMap, decodeCbor, encodeCbor } from "../cbor/mod.ts";
import { wipe } from "../bytes/mod.ts";
import type { Computation } from "./keys/agreement.ts";
import { KEY_BYTES } from "./constants.ts";
import { CofferFault } from "./fault.ts";
import {
  agreeBoxKey,
  BOX_OVERHEAD_BYTES,
  closeBox,
  derivePublicKey,
  hashNonce,
  type KeyPair,
  NONCE_BYTES,
  openBox,
  openSealedBox,
  type RandomSource,
  SEAL_OVERHEAD_BYTES,
  sealBox,
} from "./keys/seal.ts";
import type { ValueEncoding } from "./values/value_codec.ts";

/** What an authenticated reply adds to the list of entries, in bytes. */
export const REPLY_OVERHEAD_BYTES: number = NONCE_BYTES + BOX_OVERHEAD_BYTES + SEAL_OVERHEAD_BYTES;

const VERSION = 1n;
const REPLY_CONTEXT = new TextEncoder().encode("coffer reply");

/** A request that a client has made, and what it needs to open the reply. */
export interface PendingRequest {
  /** The body of Get. */
  readonly body: Uint8Array;
  /** The request's nonce, which the reply is bound to. */
  readonly nonce: Uint8Array;
  /** The client's public key. */
  readonly clientKey: Uint8Array;
  /** The server's public key, as the client was given it. */
  readonly serverKey: Uint8Array;
  /** Key of the boxes between the two. */
  readonly boxKey: Uint8Array;
  /** The pair that the reply is sealed to; its secret half is wiped when the reply was opened. */
  readonly ephemeral: KeyPair;
}

/**
 * A client's request.
 *
 * @param time Seconds since 1970.
 * @throws {CofferFault} with `bad-key` when the server's key is a point of low order.
 */
export function* makeRequest(
  client: KeyPair,
  serverKey: Uint8Array,
  time: number,
  random: RandomSource,
): Computation<PendingRequest> {
  const boxKey = yield* agreeBoxKey(client.secretKey, serverKey);
  if (boxKey === undefined) {
    throw new CofferFault("bad-key", "Cannot use the server's key: a point of low order");
  }
  const secretKey = random(KEY_BYTES);
  const ephemeral = { publicKey: yield* derivePublicKey(secretKey), secretKey };
  const nonce = random(NONCE_BYTES);
  const text = (value: string): CborItem => ({ type: "text", value });
  const content = encodeCbor({
    type: "map",
    pairs: [
      [text("v"), { type: "integer", value: VERSION }],
      [text("t"), { type: "integer", value: BigInt(time) }],
      [text("e"), { type: "bytes", value: ephemeral.publicKey }],
      [text("accept"), { type: "array", items: [text("Date"), text("int64")] }],
    ],
  });
  const body = concat([nonce, closeBox(boxKey, nonce, content)]);
  return { body, nonce, clientKey: client.publicKey, serverKey, boxKey, ephemeral };
}

/** A request that a server has opened. */
export interface OpenedRequest {
  /** The request's nonce. */
  readonly nonce: Uint8Array;
  /** When the client made it, in seconds since 1970; NaN if it does not say. */
  readonly time: number;
  /** The key that the reply is to be sealed to. */
  readonly ephemeralKey: Uint8Array;
  /** What the client takes. */
  readonly encoding: ValueEncoding;
}

/**
 * Opens the body of a Get.
 *
 * @param boxKey Key of the boxes between server and client.
 * @returns `ignored` for a body that is no box between the two, as any body is for the original;
 *   `bad` for one that is, but says something else than a request.
 */
export function openRequest(
  body: Uint8Array,
  boxKey: Uint8Array,
): OpenedRequest | "ignored" | "bad" {
  if (body.length < NONCE_BYTES) return "ignored";
  const nonce = body.slice(0, NONCE_BYTES);
  const content = openBox(boxKey, nonce, body.subarray(NONCE_BYTES));
  if (content === undefined) return "ignored";
  const map = readMap(content);
  const version = find(map, "v");
  const ephemeral = find(map, "e");
  if (version?.type !== "integer" || version.value !== VERSION) return "bad";
  if (ephemeral?.type !== "bytes" || ephemeral.value.length !== KEY_BYTES) return "bad";
  const time = find(map, "t");
  const accepted = find(map, "accept");
  const accepts = (name: string) =>
    accepted?.type === "array" &&
    accepted.items.some((item) => item.type === "text" && item.value === name);
  return {
    nonce,
    time: time?.type === "integer" ? Number(time.value) : NaN,
    ephemeralKey: ephemeral.value,
    encoding: { int64: accepts("int64"), dates: accepts("Date") },
  };
}

/** What a server needs to answer one request. */
export interface ReplyParts {
  /** The opened request. */
  readonly request: OpenedRequest;
  /** The list of entries. */
  readonly plaintext: Uint8Array;
  /** The client's public key. */
  readonly clientKey: Uint8Array;
  /** The server's public key. */
  readonly serverKey: Uint8Array;
  /** Key of the boxes between the two. */
  readonly boxKey: Uint8Array;
}

/**
 * The body of an authenticated reply. The server's random part keeps one request, answered twice,
 * from putting two texts under one nonce.
 *
 * @throws {CofferFault} with `bad-key` when the request's key is a point of low order.
 */
export function* sealReply(
  parts: ReplyParts,
  random: RandomSource,
): Computation<Uint8Array<ArrayBuffer>> {
  const { request, plaintext, boxKey } = parts;
  const serverRandom = random(NONCE_BYTES);
  const inner = yield* sealBox(plaintext, request.ephemeralKey, random(KEY_BYTES));
  const nonce = replyNonce(request.nonce, serverRandom, parts.clientKey, parts.serverKey);
  return concat([serverRandom, closeBox(boxKey, nonce, inner)]);
}

/**
 * The list of entries in an authenticated reply, or undefined if the body is none to this request.
 * Once it was opened the request's ephemeral secret is wiped, so the reply stays closed to whoever
 * gets the long-term keys later.
 */
export function* openAuthenticatedReply(
  body: Uint8Array,
  request: PendingRequest,
): Computation<Uint8Array | undefined> {
  if (body.length < NONCE_BYTES) return undefined;
  const serverRandom = body.subarray(0, NONCE_BYTES);
  const nonce = replyNonce(request.nonce, serverRandom, request.clientKey, request.serverKey);
  const inner = openBox(request.boxKey, nonce, body.subarray(NONCE_BYTES));
  if (inner === undefined) return undefined;
  const plaintext = yield* openSealedBox(inner, request.ephemeral);
  wipe(request.ephemeral.secretKey, request.boxKey);
  return plaintext;
}

function replyNonce(
  requestNonce: Uint8Array,
  serverRandom: Uint8Array,
  clientKey: Uint8Array,
  serverKey: Uint8Array,
): Uint8Array {
  return hashNonce(REPLY_CONTEXT, requestNonce, serverRandom, clientKey, serverKey);
}

function readMap(content: Uint8Array): CborMap | undefined {
  try {
    const item = decodeCbor(content);
    return item.type === "map" ? item : undefined;
  } catch (error) {
    if (error instanceof CborFault) return undefined;
    throw error;
  }
}

function find(map: CborMap | undefined, name: string): CborItem | undefined {
  return map?.pairs.find(([key]) => key.type === "text" && key.value === name)?.[1];
}
