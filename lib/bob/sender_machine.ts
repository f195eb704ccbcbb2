/**
 * The sender on the main port: announces itself, answers every receiver's key exchange, and ends
 * when one that has proved to know the password accepts (bob protocol, section 3.1).
 *
 * @module
 */

import { wipe } from "../bytes/mod.ts";
import type { PendingServer, SharedKeys, SpokeServer } from "../spoke/mod.ts";
import { RELAY_UID } from "./constants.ts";
import { type GuessBudget, GuessLedger } from "./guesses.ts";
import { isAcceptableIdentity } from "./identity.ts";
import type { Packet, PacketOf } from "./packet.ts";
import { type PeerEvent, PeerMachine, type PeerName } from "./peer_machine.ts";

/** What happens on a sender's connection. */
export type SenderEvent =
  | PeerEvent
  /** This receiver has the same password, and its user is being asked. */
  | ({ readonly type: "agreed" } & PeerName)
  /** This receiver has another password, or none: the exchange with it failed. */
  | ({ readonly type: "failed" } & PeerName)
  /** This receiver's user does not want what is offered. */
  | ({ readonly type: "refused" } & PeerName)
  /** This receiver had agreed and is gone, or has begun anew, before its user answered. */
  | ({ readonly type: "left" } & PeerName)
  /** This receiver waits at the secure port. The machine is done. */
  | ({ readonly type: "accepted"; readonly keys: SharedKeys } & PeerName);

/** What a sender needs. */
export interface SenderOptions {
  /** Made from the password; serves one connection after the other. */
  readonly server: SpokeServer;
  /** Counts over all connections. */
  readonly guesses: GuessBudget;
}

/** A receiver between its first packet and its answer. */
type Client =
  & { readonly identity: Uint8Array }
  & ({ readonly pending: PendingServer } | { readonly keys: SharedKeys });

/** One connection of a sender; see {@linkcode SenderEvent} for how it ends. */
export class SenderMachine extends PeerMachine<SenderEvent> {
  readonly #server: SpokeServer;
  readonly #budget: GuessBudget;
  readonly #ledger: GuessLedger;
  readonly #clients = new Map<number, Client>();

  /** Both objects are used, not copied: a later connection goes on with them. */
  constructor({ server, guesses }: SenderOptions) {
    super();
    this.#server = server;
    this.#budget = guesses;
    this.#ledger = new GuessLedger(guesses);
  }

  /** Hello_as_a_server. */
  protected override hello(): Packet {
    return { type: "hello-as-a-server", uid: RELAY_UID, public: this.#server.publicValue };
  }

  /** Packets for this role; what is meant for the other one or for the relay is dropped. */
  protected override handle(packet: Packet): void {
    switch (packet.type) {
      case "server-identity":
        if (packet.uid === RELAY_UID) this.register(packet.identity);
        return;
      case "x-and-client-identity":
        return this.#receiveX(packet);
      case "client-validator":
        return this.#receiveValidator(packet);
      case "accepted":
        return this.#receiveAccepted(packet.uid);
      case "refused":
        return this.#drop(packet.uid, "refused");
      case "spoke-failure":
        return this.#drop(packet.uid, "left", "failed");
      default: // dropped (section 3.2)
    }
  }

  /** Void what there was with this client. */
  protected override forget(uid: number): void {
    this.#drop(uid, "left");
    this.#ledger.forget(uid);
  }

  /** Overwrites the secrets of all exchanges. */
  protected override wipe(): void {
    for (const client of this.#clients.values()) wipeClient(client);
    this.#clients.clear();
  }

  /** Nothing: every event of a sender stands for itself. */
  protected override summarize(): void {}

  /** A first or a renewed exchange: what there was with this client is void. */
  #receiveX({ uid, x, identity }: PacketOf<"x-and-client-identity">): void {
    this.#drop(uid, "left");
    const own = this.identity;
    if (own === undefined || uid === RELAY_UID || !isAcceptableIdentity(identity)) return;
    switch (this.#ledger.spend(uid)) {
      case "ignored":
        return;
      case "used-up":
        return this.#stopGuessing();
      case "spent":
    }
    const answer = this.exchange(uid, () => this.#server.receiveX(x, identity, own));
    if (answer === undefined) return this.#ledger.cancel();
    this.#clients.set(uid, { identity, pending: answer.pending });
    const { Y, firstValidator } = answer;
    this.send({ type: "y-and-server-validator", uid, y: Y, validator: firstValidator });
  }

  /** No guess is left; but a client that has proved to know the password may still answer. */
  #stopGuessing(): void {
    for (const client of this.#clients.values()) if ("keys" in client) return;
    this.finish({ type: "guesses-used-up", spent: this.#budget.spent });
  }

  #receiveValidator({ uid, validator }: PacketOf<"client-validator">): void {
    const client = this.#clients.get(uid);
    if (client === undefined) {
      return this.send({
        type: "relay-failure",
        uid: RELAY_UID,
        reason: "invalid-client",
        peer: uid,
      });
    }
    if (!("pending" in client)) return; // repeated: it has been told
    const { identity, pending } = client;
    const keys = this.exchange(uid, () => pending.receiveValidator(validator));
    if (keys === undefined) return this.#drop(uid, "left", "failed");
    this.#clients.set(uid, { identity, keys });
    this.#ledger.giveBack(uid);
    this.send({ type: "agreement", uid });
    this.emit({ type: "agreed", uid, identity });
  }

  #receiveAccepted(uid: number): void {
    const client = this.#clients.get(uid);
    if (client === undefined || !("keys" in client)) {
      return this.send({
        type: "relay-failure",
        uid: RELAY_UID,
        reason: "no-handshake",
        peer: uid,
      });
    }
    this.#clients.delete(uid); // its keys are handed out, and must not be wiped
    this.finish({ type: "accepted", uid, identity: client.identity, keys: client.keys });
  }

  /** Forgets what there is with a client, and tells of it as that stage deserves. */
  #drop(uid: number, ifAgreed: "left" | "refused", ifPending?: "failed"): void {
    const client = this.#clients.get(uid);
    if (client === undefined) return;
    this.#clients.delete(uid);
    wipeClient(client);
    const type = "keys" in client ? ifAgreed : ifPending;
    if (type !== undefined) this.emit({ type, uid, identity: client.identity });
  }
}

function wipeClient(client: Client): void {
  if ("keys" in client) wipe(client.keys.clientKey, client.keys.serverKey);
  else client.pending.forget();
}
