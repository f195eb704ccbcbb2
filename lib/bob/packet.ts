/**
 * The sixteen packets of the main port and how they are written (section 1 of the protocol
 * document). Reading them is packet_decoder.ts.
 *
 * The document's server is the side that offers something, its client the side that wants it. The
 * field `uid` is the destination in a packet that a peer sends and the source in one that it
 * receives; {@linkcode RELAY_UID} is the relay.
 *
 * @module
 */

import { ByteWriter } from "../bytes/mod.ts";
import {
  MAX_PACKET_BYTES,
  MAX_UID,
  POINT_BYTES,
  PUBLIC_BYTES,
  VALIDATOR_BYTES,
} from "./constants.ts";

/** What a peer complains about in packet 0c. */
export type RelayFailureReason =
  | "invalid-client" // C: no exchange with this client
  | "invalid-server" // S: no exchange with this server
  | "no-handshake" // H: the exchange with this peer is not finished
  | "no-agreement"; // N: Done without an agreement, the uid is 0

/** What failed in a key exchange, packet 0d. */
export type SpokeFailureReason =
  | "point-not-in-subgroup" // 00
  | "invalid-client-validator" // 01: what a client reports on a wrong password
  | "invalid-server-validator" // 02: what a server reports on a wrong password
  | "invalid-public-packet" // 03
  | "invalid-secret-packet"; // 04

/** What each packet holds beside its uid, under its name. Identities are without their NUL. */
export interface PacketFields {
  /** 00, to the relay: a server is here; the relay hands the 34 bytes to every client. */
  readonly "hello-as-a-server": { readonly public: Uint8Array };
  /** 01, to the relay: a client is here. */
  readonly "hello-as-a-client": unknown;
  /** 02, from the relay: what a server's identity is. */
  readonly "server-identity": { readonly identity: Uint8Array };
  /** 03, from the relay: what a client's identity is. */
  readonly "client-identity": { readonly identity: Uint8Array };
  /** 04, from the relay to a client: the uid of a server, what its hello held, its identity. */
  readonly "new-server": {
    readonly server: number;
    readonly public: Uint8Array;
    readonly identity: Uint8Array;
  };
  /** 05, client to server: the second validator, 64 bytes. */
  readonly "client-validator": { readonly validator: Uint8Array };
  /** 06, server to client: an encoded point, 32 bytes, and the first validator, 64 bytes. */
  readonly "y-and-server-validator": { readonly y: Uint8Array; readonly validator: Uint8Array };
  /** 07, client to server: an encoded point, 32 bytes, and what the client's identity is. */
  readonly "x-and-client-identity": { readonly x: Uint8Array; readonly identity: Uint8Array };
  /** 08, server to client: both hold the same keys. */
  readonly "agreement": unknown;
  /** 09, from the relay: this peer is gone; the relay's own uid when it closes itself. */
  readonly "closed": { readonly peer: number };
  /** 0a, client to server: the client wants what is offered. */
  readonly "accepted": unknown;
  /** 0b, client to server: the client does not want it. */
  readonly "refused": unknown;
  /** 0c, to the relay: a packet came out of turn from this peer. */
  readonly "relay-failure": { readonly reason: RelayFailureReason; readonly peer: number };
  /** 0d, to the other peer: the exchange failed. */
  readonly "spoke-failure": { readonly reason: SpokeFailureReason };
  /** 0e, from the relay to a client: its acceptance was passed on. */
  readonly "done": unknown;
  /** 0f, from the relay: the peer has waited for too long. */
  readonly "timeout": unknown;
}

/** Names of the packets. */
export type PacketType = keyof PacketFields;

/** One packet by its name. */
export type PacketOf<Type extends PacketType> =
  & { readonly type: Type; readonly uid: number }
  & PacketFields[Type];

/** Any packet. */
export type Packet = { [Type in PacketType]: PacketOf<Type> }[PacketType];

/** Names of the packets; the position is the number on the wire. */
export const PACKET_TYPES: readonly PacketType[] = [
  "hello-as-a-server",
  "hello-as-a-client",
  "server-identity",
  "client-identity",
  "new-server",
  "client-validator",
  "y-and-server-validator",
  "x-and-client-identity",
  "agreement",
  "closed",
  "accepted",
  "refused",
  "relay-failure",
  "spoke-failure",
  "done",
  "timeout",
];

/** The letter of each reason of packet 0c. */
export const RELAY_FAILURE_LETTERS: Readonly<Record<RelayFailureReason, string>> = {
  "invalid-client": "C",
  "invalid-server": "S",
  "no-handshake": "H",
  "no-agreement": "N",
};

/** Reasons of packet 0d; the position is the byte on the wire. */
export const SPOKE_FAILURE_REASONS: readonly SpokeFailureReason[] = [
  "point-not-in-subgroup",
  "invalid-client-validator",
  "invalid-server-validator",
  "invalid-public-packet",
  "invalid-secret-packet",
];

/**
 * Writes one packet, at most 408 bytes.
 *
 * @throws {RangeError} when a field has the wrong size, or an identity holds NUL or is too long.
 */
export function encodePacket(packet: Packet): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(128);
  writeUid(writer, packet.uid);
  writer.text(PACKET_TYPES.indexOf(packet.type).toString(16).padStart(2, "0"));
  writePayload(writer, packet);
  if (writer.length > MAX_PACKET_BYTES) {
    throw new RangeError(
      `Cannot encode ${packet.type}: ${writer.length} bytes, ${MAX_PACKET_BYTES} are allowed`,
    );
  }
  return writer.finish();
}

function writePayload(writer: ByteWriter, packet: Packet): void {
  switch (packet.type) {
    case "hello-as-a-server":
      return writeFixed(writer, packet.public, PUBLIC_BYTES);
    case "server-identity":
    case "client-identity":
      return writeIdentity(writer, packet.identity);
    case "new-server":
      writeUid(writer, packet.server);
      writeFixed(writer, packet.public, PUBLIC_BYTES);
      return writeIdentity(writer, packet.identity);
    case "client-validator":
      return writeFixed(writer, packet.validator, VALIDATOR_BYTES);
    case "y-and-server-validator":
      writeFixed(writer, packet.y, POINT_BYTES);
      return writeFixed(writer, packet.validator, VALIDATOR_BYTES);
    case "x-and-client-identity":
      writeFixed(writer, packet.x, POINT_BYTES);
      return writeIdentity(writer, packet.identity);
    case "closed":
      return writeUid(writer, packet.peer);
    case "relay-failure":
      writer.text(RELAY_FAILURE_LETTERS[packet.reason]);
      return writeUid(writer, packet.peer);
    case "spoke-failure":
      writer.u8(SPOKE_FAILURE_REASONS.indexOf(packet.reason));
      return;
    case "hello-as-a-client":
    case "agreement":
    case "accepted":
    case "refused":
    case "done":
    case "timeout":
      return;
    default:
      packet satisfies never;
  }
}

function writeUid(writer: ByteWriter, uid: number): void {
  if (!Number.isInteger(uid) || uid < 0 || uid > MAX_UID) {
    throw new RangeError(`Cannot encode uid ${uid}: not a whole number from 0 to ${MAX_UID}`);
  }
  writer.text(uid.toString(16).padStart(4, "0"));
}

function writeFixed(writer: ByteWriter, bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) {
    throw new RangeError(`Cannot encode a field of ${size} bytes: got ${bytes.length}`);
  }
  writer.bytes(bytes);
}

function writeIdentity(writer: ByteWriter, identity: Uint8Array): void {
  if (identity.includes(0)) throw new RangeError("Cannot encode an identity: it holds NUL");
  writer.bytes(identity).u8(0);
}
