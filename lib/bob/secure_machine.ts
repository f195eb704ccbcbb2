/**
 * The relay's secure port, all connections at once, until two of them are joined (section 5 of the
 * protocol document). It opens nothing and reads no clock; the pairs come from the main port by
 * way of the {@linkcode Rooms}.
 *
 * @module
 */

import { Deadlines, earliest } from "../net/mod.ts";
import { HANDSHAKE_TIMEOUT_MS, WAIT_TIMEOUT_MS } from "./constants.ts";
import { identityText } from "./identity.ts";
import type { ConnectionId, PortMachine, Remote, SecureAction, SecureCloseReason } from "./port.ts";
import type { Joined, Rooms } from "./rooms.ts";
import { SecureLine } from "./secure_line.ts";

const ascii = new TextEncoder();
const OPEN = ascii.encode("00");
const TIMED_OUT = ascii.encode("01");
const INVALID = ascii.encode("02");

/** Limits of the secure port; the defaults are in constants.ts. */
export interface SecureLimits {
  /** Milliseconds from accepting a connection to its line. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Milliseconds from the line to the other peer's. */
  readonly waitTimeoutMs?: number | undefined;
}

interface Connection {
  readonly id: ConnectionId;
  readonly group: string;
  /** Undefined once the line was accepted. */
  line: SecureLine | undefined;
}

/** The machine of the secure port. */
export class SecureMachine implements PortMachine<SecureAction> {
  readonly #rooms: Rooms;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #handshakes: Deadlines<Connection>;
  readonly #waits: Deadlines<Connection>;
  #actions: SecureAction[] = [];

  /** Shares `rooms` with the machine of the main port. */
  constructor(rooms: Rooms, limits: SecureLimits = {}) {
    const wait = limits.waitTimeoutMs ?? WAIT_TIMEOUT_MS;
    const handshake = limits.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#rooms = rooms;
    this.#handshakes = new Deadlines(Math.min(handshake, wait));
    this.#waits = new Deadlines(wait);
  }

  /** Number of connections that are not joined yet. */
  get connections(): number {
    return this.#connections.size;
  }

  /** When to call {@linkcode SecureMachine.tick} next; undefined while no time-out runs. */
  get wakeAt(): number | undefined {
    return earliest(this.#handshakes.next, this.#waits.next, this.#rooms.nextSettling);
  }

  /**
   * A connection was accepted.
   *
   * @throws {RangeError} when the number is in use.
   */
  open(id: ConnectionId, { group }: Remote, now: number): void {
    if (this.#connections.has(id)) throw new RangeError(`Cannot open connection ${id}: in use`);
    const connection = { id, group, line: new SecureLine() };
    this.#connections.set(id, connection);
    this.#handshakes.start(connection, now);
  }

  /** Bytes arrived: the line, or what must not come before the answer to it. */
  receive(id: ConnectionId, bytes: Uint8Array, now: number): SecureAction[] {
    const connection = this.#connections.get(id);
    if (connection === undefined || bytes.length === 0) return [];
    const line = connection.line === undefined ? "invalid" : connection.line.push(bytes);
    if (line === "invalid") this.#refuse(connection, "invalid-line", now);
    else if (line !== undefined) this.#claim(connection, identityText(line), now);
    return this.#takeActions();
  }

  /** The peer is gone; its place is free again. */
  end(id: ConnectionId, now: number): SecureAction[] {
    const connection = this.#connections.get(id);
    if (connection === undefined) return [];
    if (connection.line !== undefined) {
      this.#refuse(connection, "invalid-line", now);
    } else {
      this.#rooms.leave(id, now);
      this.#close(connection, "ended");
    }
    return this.#takeActions();
  }

  /** Nothing more is ever to be sent here. */
  drained(_id: ConnectionId): SecureAction[] {
    return [];
  }

  /** Ends waits whose time is over, and joins who had to wait for a better claim. */
  tick(now: number): SecureAction[] {
    for (const connection of this.#handshakes.due(now)) {
      this.#send(connection.id, TIMED_OUT);
      this.#close(connection, "silent");
    }
    for (const joined of this.#rooms.settle(now)) this.#join(joined);
    for (const connection of this.#waits.due(now)) {
      const other = this.#rooms.abandon(connection.id);
      this.#close(connection, "timeout");
      this.#closeById(other, "abandoned");
    }
    return this.#takeActions();
  }

  /** The relay stops: closes all connections, and no pair can be joined any more. */
  stop(): SecureAction[] {
    this.#rooms.clear();
    for (const connection of this.#connections.values()) this.#close(connection, "stopped");
    return this.#takeActions();
  }

  #claim(connection: Connection, line: string, now: number): void {
    const claim = this.#rooms.claim(line, connection.id, connection.group, now);
    if (claim.type === "unknown") return this.#refuse(connection, "unknown-pair", now);
    if (claim.type === "taken") return this.#refuse(connection, "taken", now);
    connection.line = undefined;
    this.#handshakes.cancel(connection);
    this.#waits.start(connection, now);
    this.#closeById(claim.replaced, "replaced");
    if (claim.joined !== undefined) this.#join(claim.joined);
  }

  #join({ client, server }: Joined): void {
    for (const id of [client, server]) {
      this.#send(id, OPEN);
      const connection = this.#connections.get(id);
      if (connection !== undefined) this.#forget(connection);
    }
    this.#actions.push({ type: "joined", client, server });
  }

  #refuse(connection: Connection, reason: SecureCloseReason, now: number): void {
    this.#rooms.leave(connection.id, now);
    this.#send(connection.id, INVALID);
    this.#close(connection, reason);
  }

  #closeById(id: ConnectionId | undefined, reason: SecureCloseReason): void {
    const connection = id === undefined ? undefined : this.#connections.get(id);
    if (connection !== undefined) this.#close(connection, reason);
  }

  #close(connection: Connection, reason: SecureCloseReason): void {
    this.#forget(connection);
    this.#actions.push({ type: "close", connection: connection.id, reason });
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection.id);
    this.#handshakes.cancel(connection);
    this.#waits.cancel(connection);
  }

  #send(connection: ConnectionId, bytes: Uint8Array): void {
    this.#actions.push({ type: "send", connection, bytes });
  }

  #takeActions(): SecureAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}
