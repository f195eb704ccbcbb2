/**
 * The relay's main port, all connections at once: gives uids, announces servers to clients, passes
 * packets on and makes pairs (section 2 of the protocol document). It opens nothing and reads no
 * clock; the pairs that it makes go to the {@linkcode Rooms} of the secure port.
 *
 * Where it is stricter than the reference, honest peers cannot tell: packets go to live peers of
 * the right role only, an acceptance needs an agreement, malformed input closes the connection,
 * a peer that leaves is known to be gone at once. Where it is kinder: refusals are passed on, and
 * who is turned away is told so.
 *
 * @module
 */

import { Deadlines, earliest } from "../net/mod.ts";
import {
  ANNOUNCEMENT_BATCH,
  HANDSHAKE_TIMEOUT_MS,
  MAX_HELLOS,
  MAX_PACKETS_PER_PAIR,
  MAX_ROOMS,
  MAX_WAITING_PER_GROUP,
  RELAY_UID,
  WAIT_TIMEOUT_MS,
} from "./constants.ts";
import { BobFault } from "./fault.ts";
import { isAcceptableIdentity } from "./identity.ts";
import { encodePacket, type Packet, type PacketOf } from "./packet.ts";
import { PacketDecoder } from "./packet_decoder.ts";
import type {
  ConnectionId,
  DropReason,
  MainAction,
  MainCloseReason,
  PortMachine,
  Remote,
} from "./port.ts";
import { isForwarded, notePacket, pairWith } from "./relay_pair.ts";
import { type Client, type Peer, Peers, type Server } from "./relay_peers.ts";
import type { Rooms } from "./rooms.ts";

const DONE = encodePacket({ type: "done", uid: RELAY_UID });
const TIMEOUT = encodePacket({ type: "timeout", uid: RELAY_UID });
/** Packet 09 about the relay itself: at it every peer gives up at once. */
const CLOSING = encodePacket({ type: "closed", uid: RELAY_UID, peer: RELAY_UID });

/** Limits of the main port; the defaults are in constants.ts. */
export interface RelayLimits {
  /** Most peers and pairs at once. */
  readonly maxRooms?: number | undefined;
  /** Most peers of one address group at once. */
  readonly maxWaitingPerGroup?: number | undefined;
  /** Milliseconds from accepting a connection to its hello. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Milliseconds from accepting a connection to the end of a peer's wait. */
  readonly waitTimeoutMs?: number | undefined;
}

type Hello = PacketOf<"hello-as-a-client"> | PacketOf<"hello-as-a-server">;

interface Connection extends Remote {
  readonly id: ConnectionId;
  readonly decoder: PacketDecoder;
  hellos: number;
  peer: Peer | undefined;
}

/** The machine of the main port. */
export class RelayMachine implements PortMachine<MainAction> {
  readonly #rooms: Rooms;
  readonly #maxRooms: number;
  readonly #maxWaitingPerGroup: number;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #peers = new Peers();
  readonly #handshakes: Deadlines<Connection>;
  readonly #waits: Deadlines<Connection>;
  #actions: MainAction[] = [];

  /** Pairs go to `rooms`, which the machine of the secure port shares. */
  constructor(rooms: Rooms, limits: RelayLimits = {}) {
    const wait = limits.waitTimeoutMs ?? WAIT_TIMEOUT_MS;
    const handshake = limits.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#rooms = rooms;
    this.#maxRooms = limits.maxRooms ?? MAX_ROOMS;
    this.#maxWaitingPerGroup = limits.maxWaitingPerGroup ?? MAX_WAITING_PER_GROUP;
    this.#handshakes = new Deadlines(Math.min(handshake, wait));
    this.#waits = new Deadlines(wait);
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Number of clients that wait. */
  get clients(): number {
    return this.#peers.clients.size;
  }

  /** Number of servers that wait. */
  get servers(): number {
    return this.#peers.servers.size;
  }

  /** When to call {@linkcode RelayMachine.tick} next; undefined while no time-out runs. */
  get wakeAt(): number | undefined {
    return earliest(this.#handshakes.next, this.#waits.next, this.#rooms.nextExpiry);
  }

  /**
   * A connection was accepted. Its wait is counted from here and never anew (section 2.4).
   *
   * @throws {RangeError} when the number is in use or the identity cannot be one.
   */
  open(id: ConnectionId, { identity, group }: Remote, now: number): void {
    if (this.#connections.has(id)) throw new RangeError(`Cannot open connection ${id}: in use`);
    if (!isAcceptableIdentity(identity)) {
      throw new RangeError(`Cannot open connection ${id}: its identity cannot be one`);
    }
    const decoder = new PacketDecoder();
    const connection = { id, identity, group, decoder, hellos: 0, peer: undefined };
    this.#connections.set(id, connection);
    this.#handshakes.start(connection, now);
    this.#waits.start(connection, now);
  }

  /** Bytes arrived; malformed ones close the connection (section 2.5). */
  receive(id: ConnectionId, bytes: Uint8Array, now: number): MainAction[] {
    const connection = this.#connections.get(id);
    if (connection === undefined) return [];
    try {
      for (const packet of connection.decoder.push(bytes)) {
        this.#obey(connection, packet, now);
        if (!this.#connections.has(id)) break;
      }
    } catch (error) {
      this.#fail(connection, error);
    }
    return this.#takeActions();
  }

  /** The peer is gone: those that counted on it learn so at once (section 2.4). */
  end(id: ConnectionId): MainAction[] {
    const connection = this.#connections.get(id);
    if (connection === undefined) return [];
    try {
      connection.decoder.end();
      this.#close(connection, "ended");
    } catch (error) {
      this.#fail(connection, error);
    }
    return this.#takeActions();
  }

  /** Everything that was sent to this connection has been written: there may be more. */
  drained(id: ConnectionId): MainAction[] {
    const peer = this.#connections.get(id)?.peer;
    if (peer?.role === "client") this.#announceMore(peer);
    return this.#takeActions();
  }

  /** Ends waits and handshakes whose time is over. */
  tick(now: number): MainAction[] {
    this.#rooms.expire(now);
    for (const connection of this.#handshakes.due(now)) this.#close(connection, "silent");
    for (const connection of this.#waits.due(now)) {
      this.#send(connection.id, TIMEOUT);
      this.#close(connection, "timeout");
    }
    return this.#takeActions();
  }

  /** The relay stops: tells everybody, and closes all connections. */
  stop(): MainAction[] {
    for (const { id } of this.#connections.values()) {
      this.#send(id, CLOSING);
      this.#actions.push({ type: "close", connection: id, reason: "stopped" });
    }
    this.#connections.clear();
    this.#peers.clear();
    this.#handshakes.clear();
    this.#waits.clear();
    return this.#takeActions();
  }

  #obey(connection: Connection, packet: Packet, now: number): void {
    switch (packet.type) {
      case "hello-as-a-server":
      case "hello-as-a-client":
        return this.#hello(connection, packet, now);
      case "relay-failure": {
        const { reason, peer } = packet;
        this.#actions.push({ type: "complained", connection: connection.id, reason, peer });
        return;
      }
      default:
        return this.#forward(connection, packet, now);
    }
  }

  #hello(connection: Connection, packet: Hello, now: number): void {
    const { id, peer } = connection;
    const role = packet.type === "hello-as-a-client" ? "client" : "server";
    if (packet.uid !== RELAY_UID) return this.#drop(connection, packet, "not-to-relay");
    if (peer !== undefined && peer.role !== role) {
      return this.#drop(connection, packet, "other-role");
    }
    if (++connection.hellos > MAX_HELLOS) return this.#turnAway(connection, "too-many-hellos");
    const uid = peer?.uid ?? this.#admit(connection, now);
    if (uid === undefined) return;
    if (packet.type === "hello-as-a-client") this.#welcomeClient(connection, uid);
    else this.#welcomeServer(connection, uid, packet.public);
    if (peer !== undefined) return;
    this.#handshakes.cancel(connection);
    this.#actions.push({ type: "registered", connection: id, role, uid });
  }

  /** A uid for a newcomer, or undefined when it was turned away. */
  #admit(connection: Connection, now: number): number | undefined {
    this.#rooms.expire(now);
    if (this.#peers.size + this.#rooms.size >= this.#maxRooms) {
      this.#turnAway(connection, "full");
    } else if (this.#peers.countOf(connection.group) >= this.#maxWaitingPerGroup) {
      this.#turnAway(connection, "address-full");
    } else {
      const uid = this.#peers.takeUid();
      if (uid === undefined) this.#turnAway(connection, "no-uid");
      return uid;
    }
    return undefined;
  }

  /** Section 2.2: the identity, then every server; at another hello again in full. */
  #welcomeClient(connection: Connection, uid: number): void {
    const { id, identity, peer } = connection;
    this.#send(id, encodePacket({ type: "client-identity", uid: RELAY_UID, identity }));
    if (peer?.role === "client") {
      const isBeingTold = peer.unannounced !== undefined;
      this.#peers.renewClient(peer);
      if (!isBeingTold) this.#announceMore(peer);
    } else {
      const client = this.#peers.addClient(uid, id, connection);
      connection.peer = client;
      this.#announceMore(client);
    }
  }

  /** Section 2.2: the identity, then every client is told; at another hello again in full. */
  #welcomeServer(connection: Connection, uid: number, publicValue: Uint8Array): void {
    const { id, identity, peer } = connection;
    const announcement = encodePacket({
      type: "new-server",
      uid: RELAY_UID,
      server: uid,
      public: publicValue,
      identity,
    });
    this.#send(id, encodePacket({ type: "server-identity", uid: RELAY_UID, identity }));
    if (peer?.role === "server") this.#peers.renewServer(peer, announcement);
    else connection.peer = this.#peers.addServer(uid, id, connection, announcement);
    for (const client of this.#peers.clients.values()) {
      // one that is still being told of earlier servers will get to this one
      if (client.unannounced === undefined) this.#send(client.connection, announcement);
    }
  }

  /** The next batch, so that many servers do not overflow the queue of a client at once. */
  #announceMore(client: Client): void {
    for (let count = 0; count < ANNOUNCEMENT_BATCH && client.unannounced !== undefined; count++) {
      const next = client.unannounced.next();
      if (next.done) client.unannounced = undefined;
      else this.#send(client.connection, next.value.announcement);
    }
  }

  #forward(connection: Connection, packet: Packet, now: number): void {
    const reason = this.#pass(connection.peer, packet, now);
    if (reason !== undefined) this.#drop(connection, packet, reason);
  }

  /** Section 2.3: the uid becomes that of the sender, everything else stays as it is. */
  #pass(from: Peer | undefined, packet: Packet, now: number): DropReason | undefined {
    if (from === undefined) return "unregistered";
    if (!isForwarded(packet.type, from.role)) return "not-allowed";
    const client = from.role === "client" ? from : this.#peers.clients.get(packet.uid);
    const server = from.role === "server" ? from : this.#peers.servers.get(packet.uid);
    if (client === undefined || server === undefined) return "no-such-peer";
    const pair = pairWith(client.pairs, server.uid);
    if (pair[from.role] >= MAX_PACKETS_PER_PAIR) return "too-many-packets";
    if (packet.type === "accepted" && !pair.agreed) return "no-agreement";
    pair[from.role]++;
    const to = from === client ? server : client;
    this.#send(to.connection, encodePacket({ ...packet, uid: from.uid }));
    notePacket(pair, packet.type);
    if (packet.type === "accepted") this.#makePair(client, server, now);
    return undefined;
  }

  #makePair(client: Client, server: Server, now: number): void {
    this.#send(client.connection, DONE);
    this.#rooms.record(client, server, now);
    this.#actions.push({ type: "paired", client: client.connection, server: server.connection });
    for (const { connection } of [client, server]) {
      const open = this.#connections.get(connection);
      if (open !== undefined) this.#close(open, "paired");
    }
  }

  /** What was sent before is written first; who counted on the peer is told (section 2.4). */
  #close(connection: Connection, reason: MainCloseReason): void {
    const { id, peer } = connection;
    this.#connections.delete(id);
    this.#handshakes.cancel(connection);
    this.#waits.cancel(connection);
    this.#actions.push({ type: "close", connection: id, reason });
    if (peer === undefined) return;
    const closed = encodePacket({ type: "closed", uid: RELAY_UID, peer: peer.uid });
    for (const companion of this.#peers.remove(peer)) this.#send(companion.connection, closed);
  }

  #turnAway(connection: Connection, reason: MainCloseReason): void {
    this.#send(connection.id, CLOSING);
    this.#close(connection, reason);
  }

  #fail(connection: Connection, error: unknown): void {
    if (!(error instanceof BobFault)) throw error;
    this.#actions.push({ type: "fault", connection: connection.id, fault: error });
    this.#close(connection, "malformed");
  }

  #drop(connection: Connection, { type }: Packet, reason: DropReason): void {
    this.#actions.push({ type: "dropped", connection: connection.id, packet: type, reason });
  }

  #send(connection: ConnectionId, bytes: Uint8Array): void {
    this.#actions.push({ type: "send", connection, bytes });
  }

  #takeActions(): MainAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}
