/**
 * The peers that are registered at the relay's main port (sections 2.1 and 2.2 of the protocol
 * document).
 *
 * @module
 */

import { MAX_UID } from "./constants.ts";
import type { ConnectionId, Remote } from "./port.ts";
import type { Pair } from "./relay_pair.ts";

/** What both kinds of peers have. */
interface Registered extends Remote {
  readonly uid: number;
  readonly connection: ConnectionId;
}

/** A peer that wants something. */
export interface Client extends Registered {
  readonly role: "client";
  /** What passed between it and servers, by their uids; nothing yet where there is none. */
  readonly pairs: Map<number, Pair>;
  /** Servers that it has not been told of; undefined once it was told of all. */
  unannounced: Iterator<Server> | undefined;
}

/** A peer that offers something. */
export interface Server extends Registered {
  readonly role: "server";
  /** The packet that tells clients of it, the same bytes for all. */
  announcement: Uint8Array;
}

/** A registered peer. */
export type Peer = Client | Server;

/** All registered peers. */
export class Peers {
  /** By uid, in the order of their first hello. */
  readonly clients: Map<number, Client> = new Map();
  /** By uid, in the order of their latest hello. */
  readonly servers: Map<number, Server> = new Map();
  readonly #perGroup = new Map<string, number>();
  #lastUid = 0;

  /** Number of peers. */
  get size(): number {
    return this.clients.size + this.servers.size;
  }

  /** Number of peers of one address group. */
  countOf(group: string): number {
    return this.#perGroup.get(group) ?? 0;
  }

  /** The next uid that no live peer has, after 65535 from 1 again; undefined when all are taken. */
  takeUid(): number | undefined {
    if (this.size >= MAX_UID) return undefined;
    do {
      this.#lastUid = this.#lastUid % MAX_UID + 1;
    } while (this.clients.has(this.#lastUid) || this.servers.has(this.#lastUid));
    return this.#lastUid;
  }

  /** Adds a client under a uid that was taken for it; it has to be told of all servers. */
  addClient(uid: number, connection: ConnectionId, { identity, group }: Remote): Client {
    const unannounced = this.servers.values();
    const pairs = new Map<number, Pair>();
    const client = {
      role: "client",
      uid,
      connection,
      identity,
      group,
      pairs,
      unannounced,
    } as const;
    this.clients.set(uid, client);
    this.#perGroup.set(group, this.countOf(group) + 1);
    return client;
  }

  /** Adds a server under a uid that was taken for it. */
  addServer(
    uid: number,
    connection: ConnectionId,
    { identity, group }: Remote,
    announcement: Uint8Array,
  ): Server {
    const server = { role: "server", uid, connection, identity, group, announcement } as const;
    this.servers.set(uid, server);
    this.#perGroup.set(group, this.countOf(group) + 1);
    return server;
  }

  /** Another hello of a client: it has to be told of all servers again. */
  renewClient(client: Client): void {
    client.unannounced = this.servers.values();
    for (const pair of client.pairs.values()) pair.separated = false;
  }

  /** Another hello of a server: clients that are still being told of servers reach it again. */
  renewServer(server: Server, announcement: Uint8Array): void {
    server.announcement = announcement;
    this.servers.delete(server.uid);
    this.servers.set(server.uid, server);
    for (const client of this.clients.values()) {
      const pair = client.pairs.get(server.uid);
      if (pair !== undefined) pair.separated = false;
    }
  }

  /** Removes a peer; returns who counted on it: all of the other role that did not separate. */
  remove(peer: Peer): Peer[] {
    const left = this.countOf(peer.group) - 1;
    if (left > 0) this.#perGroup.set(peer.group, left);
    else this.#perGroup.delete(peer.group);
    return peer.role === "client" ? this.#removeClient(peer) : this.#removeServer(peer);
  }

  /** Forgets all peers, but not which uids were given. */
  clear(): void {
    this.clients.clear();
    this.servers.clear();
    this.#perGroup.clear();
  }

  #removeClient(client: Client): Peer[] {
    this.clients.delete(client.uid);
    return [...this.servers.values()].filter(({ uid }) => !client.pairs.get(uid)?.separated);
  }

  #removeServer(server: Server): Peer[] {
    this.servers.delete(server.uid);
    const companions: Client[] = [];
    for (const client of this.clients.values()) {
      if (!client.pairs.get(server.uid)?.separated) companions.push(client);
      client.pairs.delete(server.uid); // the next peer with this uid is another one
    }
    return companions;
  }
}
