/**
 * What the machines of the relay's two ports have in common: each serves all connections of its
 * port, and asks its driver for actions, which are carried out in the order of the list. Some
 * actions only tell log and counters what happened.
 *
 * @module
 */

import type { BobFault } from "./fault.ts";
import type { PacketType, RelayFailureReason } from "./packet.ts";

/** A number by which the driver knows a connection; never used twice, not even on two ports. */
export type ConnectionId = number;

/** What a peer is: a server offers something, a client wants it. */
export type Role = "client" | "server";

/** What the driver knows of a connection. */
export interface Remote {
  /** The peer's address as text, by which peers know it; 1 to 99 bytes of visible ASCII. */
  readonly identity: Uint8Array;
  /** The key by which limits count its address. */
  readonly group: string;
}

/**
 * The machine of one port. Calls about connections that it closed, or never had, do nothing. Times
 * are milliseconds of one monotonic clock.
 */
export interface PortMachine<Action> {
  /** Number of open connections. */
  readonly connections: number;
  /** When to call {@linkcode PortMachine.tick} next; undefined while no time-out runs. */
  readonly wakeAt: number | undefined;
  /**
   * A connection was accepted.
   *
   * @throws {RangeError} when the number is in use or the identity cannot be one.
   */
  open(id: ConnectionId, remote: Remote, now: number): void;
  /** Bytes arrived, cut anywhere; they are copied where they are kept. */
  receive(id: ConnectionId, bytes: Uint8Array, now: number): Action[];
  /** The peer ended its stream, the connection was lost, or the driver gave it up. */
  end(id: ConnectionId, now: number): Action[];
  /** Everything that was sent to this connection has been written. */
  drained(id: ConnectionId): Action[];
  /** The time that {@linkcode PortMachine.wakeAt} named has come. */
  tick(now: number): Action[];
  /** The relay stops: closes all connections. */
  stop(): Action[];
}

/** Bytes to be written; several actions may share the same array. */
export interface SendAction {
  /** Distinguishes it from other actions. */
  readonly type: "send";
  /** To whom. */
  readonly connection: ConnectionId;
  /** What. */
  readonly bytes: Uint8Array;
}

/** A connection to be closed, after what was sent to it before has been written. */
export interface CloseAction<Reason> {
  /** Distinguishes it from other actions. */
  readonly type: "close";
  /** Which; the machine has forgotten it already. */
  readonly connection: ConnectionId;
  /** Why. */
  readonly reason: Reason;
}

/** Why a connection of the main port is closed. */
export type MainCloseReason =
  | "paired" // done, the peers go on at the secure port
  | "ended" // the peer ended its stream
  | "malformed" // it sent what is no packet
  | "silent" // no hello in time
  | "timeout" // it waited for too long
  | "full" // refused: as many peers and pairs as allowed
  | "address-full" // refused: as many peers of this address as allowed
  | "no-uid" // refused: all uids are taken
  | "too-many-hellos"
  | "stopped"; // the relay is stopping

/** Why a packet was neither obeyed nor passed on. */
export type DropReason =
  | "unregistered" // its sender has not said hello
  | "not-to-relay" // a hello with the uid of a peer
  | "other-role" // a hello of the other role
  | "not-allowed" // peers of this role do not send it
  | "no-such-peer" // nobody of the right role has this uid
  | "too-many-packets" // more than one peer may send to another
  | "no-agreement"; // an acceptance of what was never agreed

/** What the machine of the main port asks and tells. */
export type MainAction =
  | SendAction
  | CloseAction<MainCloseReason>
  | {
    readonly type: "registered";
    readonly connection: ConnectionId;
    readonly role: Role;
    readonly uid: number;
  }
  | { readonly type: "paired"; readonly client: ConnectionId; readonly server: ConnectionId }
  | {
    readonly type: "dropped";
    readonly connection: ConnectionId;
    readonly packet: PacketType;
    readonly reason: DropReason;
  }
  | {
    readonly type: "complained";
    readonly connection: ConnectionId;
    readonly reason: RelayFailureReason;
    readonly peer: number;
  }
  | { readonly type: "fault"; readonly connection: ConnectionId; readonly fault: BobFault };

/** Why a connection of the secure port is closed. */
export type SecureCloseReason =
  | "invalid-line" // too long, ended before its newline, or bytes behind it
  | "unknown-pair" // no pair has the identity that it named
  | "taken" // its place is held by somebody with a better claim
  | "replaced" // somebody with as good a claim came later
  | "silent" // no line in time
  | "ended" // the peer ended its stream while it waited
  | "timeout" // the other peer did not come in time
  | "abandoned" // the other peer's time was over
  | "stopped"; // the relay is stopping

/** What the machine of the secure port asks and tells. */
export type SecureAction =
  | SendAction
  | CloseAction<SecureCloseReason>
  | {
    /** From now on bytes pass between the two without the machine, which has forgotten both. */
    readonly type: "joined";
    readonly client: ConnectionId;
    readonly server: ConnectionId;
  };
