/**
 * Who may connect: caps in total, per protocol and per address, rates, and an allow list. One
 * object serves all listeners of a process, so that one address has one allowance.
 *
 * @module
 */

import { addressGroup, type Cidr, isInCidr } from "./address.ts";
import { TokenBucket, TokenBuckets } from "./rate.ts";

/** Limits of a process. */
export interface AdmissionLimits {
  /** Most connections at once. */
  readonly maxConnections: number;
  /** Most connections at once of one address (IPv6: one /64). */
  readonly maxPerAddress: number;
  /** Most new handshakes a second from one address. */
  readonly handshakesPerAddress: number;
  /** Most new handshakes a second in all. */
  readonly handshakesInAll: number;
  /** Only these may connect; empty: everybody. */
  readonly allow: readonly Cidr[];
  /** The share of all connections that one protocol may hold; three quarters unless given. */
  readonly protocolShare?: number | undefined;
}

const PROTOCOL_SHARE = 0.75;

/** Why a connection was turned away. */
export type Refusal =
  | "not-allowed"
  | "too-many-connections"
  | "too-many-of-protocol"
  | "too-many-of-address"
  | "too-many-handshakes";

/** Proof of admission, to be given back when the connection is closed. */
export interface Ticket {
  /** The key by which its address is counted. */
  readonly group: string;
  /** Its protocol. */
  readonly protocol: string;
}

/** Counts connections and decides about new ones. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #perProtocol = new Map<string, number>();
  readonly #perAddress = new Map<string, number>();
  readonly #handshakes: TokenBuckets;
  readonly #allHandshakes: TokenBucket;
  #connections = 0;

  /** Starts with no connection. */
  constructor(limits: AdmissionLimits, now: number) {
    this.#limits = limits;
    this.#handshakes = new TokenBuckets(limits.handshakesPerAddress);
    this.#allHandshakes = new TokenBucket(limits.handshakesInAll, now);
  }

  /** Connections at this moment. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections of one protocol at this moment. */
  connectionsOf(protocol: string): number {
    return this.#perProtocol.get(protocol) ?? 0;
  }

  /**
   * Decides about a new connection.
   *
   * @param handshakes Whether it counts as a handshake, before any arithmetic is done for it.
   */
  admit(protocol: string, ip: string, handshakes: boolean, now: number): Ticket | Refusal {
    const group = addressGroup(ip);
    const { allow, maxConnections, maxPerAddress } = this.#limits;
    const ofProtocol = this.connectionsOf(protocol);
    const ofAddress = this.#perAddress.get(group) ?? 0;
    if (allow.length > 0 && !allow.some((cidr) => isInCidr(ip, cidr))) return "not-allowed";
    if (this.#connections >= maxConnections) return "too-many-connections";
    const share = this.#limits.protocolShare ?? PROTOCOL_SHARE;
    if (ofProtocol >= Math.ceil(maxConnections * share)) return "too-many-of-protocol";
    if (ofAddress >= maxPerAddress) return "too-many-of-address";
    if (handshakes && !this.#admitHandshake(group, now)) return "too-many-handshakes";
    this.#connections++;
    this.#perProtocol.set(protocol, ofProtocol + 1);
    this.#perAddress.set(group, ofAddress + 1);
    return { group, protocol };
  }

  /** Gives a ticket back; once for each. */
  release({ group, protocol }: Ticket): void {
    this.#connections--;
    decrement(this.#perProtocol, protocol);
    decrement(this.#perAddress, group);
  }

  #admitHandshake(group: string, now: number): boolean {
    return this.#handshakes.of(group, now).tryTake(now) && this.#allHandshakes.tryTake(now);
  }
}

function decrement(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 0) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
