/**
 * What passes between a client and a server through the relay, and what it means for the relay
 * (section 2.3 of the protocol document).
 *
 * @module
 */

import type { PacketType } from "./packet.ts";
import type { Role } from "./port.ts";

/** Who may send what is passed on (section 2.3). */
const FORWARDED: Readonly<Partial<Record<PacketType, readonly Role[]>>> = {
  "client-validator": ["client"],
  "x-and-client-identity": ["client"],
  "accepted": ["client"],
  "refused": ["client"],
  "y-and-server-validator": ["server"],
  "agreement": ["server"],
  "spoke-failure": ["client", "server"],
};

/** What passed between a client and a server. */
export interface Pair {
  /** Number of packets from the client to the server. */
  client: number;
  /** Number of packets from the server to the client. */
  server: number;
  /** Whether the server agreed, and nothing since undid it. */
  agreed: boolean;
  /** Whether they gave each other up, so that neither needs to know when the other leaves. */
  separated: boolean;
}

/** Whether peers of this role send such packets to peers of the other one. */
export function isForwarded(type: PacketType, role: Role): boolean {
  return FORWARDED[type]?.includes(role) ?? false;
}

/** The pair of a client that has these and the server with this uid; made when asked for first. */
export function pairWith(pairs: Map<number, Pair>, server: number): Pair {
  let pair = pairs.get(server);
  if (pair === undefined) {
    pair = { client: 0, server: 0, agreed: false, separated: false };
    pairs.set(server, pair);
  }
  return pair;
}

/** What a packet that was passed on means for a later acceptance or departure. */
export function notePacket(pair: Pair, type: PacketType): void {
  switch (type) {
    case "x-and-client-identity": // a new exchange begins
      pair.agreed = false;
      pair.separated = false;
      return;
    case "agreement":
      pair.agreed = true;
      return;
    case "refused":
    case "spoke-failure":
      pair.agreed = false;
      pair.separated = true;
      return;
    case "accepted": // both leave together
      pair.separated = true;
  }
}
