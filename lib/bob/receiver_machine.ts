/**
 * The receiver on the main port: tries its password with every announced sender, asks whether to
 * accept the one that has the same, and ends when the relay has joined the two (bob protocol,
 * section 3.2).
 *
 * @module
 */

import { equalConstantTime, wipe } from "../bytes/mod.ts";
import { IDLE, type Step } from "../net/mod.ts";
import {
  decodePublic,
  type RandomBytes,
  type SharedKeys,
  type SpokeClient,
  SpokeFault,
  startClient,
} from "../spoke/mod.ts";
import { RELAY_UID } from "./constants.ts";
import { type GuessBudget, GuessLedger } from "./guesses.ts";
import { isAcceptableIdentity } from "./identity.ts";
import type { Packet, PacketOf } from "./packet.ts";
import { type PeerEvent, PeerMachine, type PeerName } from "./peer_machine.ts";

/** Most PBKDF2 rounds that are computed for a stranger: 14 ms. Every known sender announces 16. */
export const MAX_ANNOUNCED_ROUNDS = 1024;
/** How long a relay may take to join an accepted sender; one that is alive does it at once. */
export const DONE_TIMEOUT_MS = 30_000;

/** What happens on a receiver's connection. */
export type ReceiverEvent =
  | PeerEvent
  /** So many senders wait at the relay, and with so many of them the password did not do. */
  | { readonly type: "senders"; readonly waiting: number; readonly failed: number }
  /** This sender has the same password: ask, then `accept` or `refuse`. One question at a time. */
  | ({ readonly type: "agreed" } & PeerName)
  /** The sender of the open question is gone: withdraw the question. */
  | ({ readonly type: "cancelled" } & PeerName)
  /** This sender was refused. Another question follows, or the machine is done. */
  | ({ readonly type: "refused" } & PeerName)
  /** This sender was accepted, but is gone. The machine is done. */
  | ({ readonly type: "sender-gone" } & PeerName)
  /** This sender waits at the secure port. The machine is done. */
  | ({ readonly type: "accepted"; readonly keys: SharedKeys } & PeerName);

/** What a receiver needs. */
export interface ReceiverOptions {
  /** Raw bytes as the user gave them; not copied, so they must stay until the machine is done. */
  readonly password: Uint8Array;
  /** Counts over all connections. */
  readonly guesses: GuessBudget;
  /** Cryptographic random source, asked for one scalar per sender. */
  readonly randomBytes: RandomBytes;
  /** Most PBKDF2 rounds to compute, {@linkcode MAX_ANNOUNCED_ROUNDS} unless given. */
  readonly maxRounds?: number | undefined;
}

/** How far the exchange with a sender has got. */
type Stage =
  | { readonly stage: "exchanging"; readonly client: SpokeClient; readonly own: Uint8Array }
  | { readonly stage: "proved"; readonly keys: SharedKeys }
  | { readonly stage: "agreed"; readonly keys: SharedKeys }
  | { readonly stage: "failed" };

/** A sender that waits at the relay. */
interface Sender extends PeerName {
  readonly publicValue: Uint8Array;
  progress: Stage;
}

const FAILED: Stage = { stage: "failed" };

/** One connection of a receiver; see {@linkcode ReceiverEvent} for how it ends. */
export class ReceiverMachine extends PeerMachine<ReceiverEvent> {
  readonly #options: ReceiverOptions;
  readonly #ledger: GuessLedger;
  readonly #senders = new Map<number, Sender>();
  /** Senders that have agreed, in order; the first one is the open question. */
  readonly #questions: Sender[] = [];
  #accepted: { readonly sender: Sender; readonly giveUpAt: number } | undefined;
  #failed = 0;
  #told = { waiting: 0, failed: 0 };

  /** The budget is used, not copied: a later connection goes on with it. */
  constructor(options: ReceiverOptions) {
    super();
    this.#options = options;
    this.#ledger = new GuessLedger(options.guesses);
  }

  /** When to call {@linkcode ReceiverMachine.tick}: also when the relay has been silent too long. */
  override get wakeAt(): number | undefined {
    const wakeAt = super.wakeAt;
    const giveUpAt = this.done ? undefined : this.#accepted?.giveUpAt;
    if (wakeAt === undefined || giveUpAt === undefined) return wakeAt ?? giveUpAt;
    return Math.min(wakeAt, giveUpAt);
  }

  /** Takes up what waits, or gives up the sender that was accepted. */
  override tick(now: number): Step<ReceiverEvent> {
    const accepted = this.#accepted;
    if (!this.done && accepted !== undefined && now >= accepted.giveUpAt) {
      this.finish({ type: "sender-gone", ...nameOf(accepted.sender) });
    }
    return super.tick(now);
  }

  /** The user wants it. Does nothing when the question has been withdrawn meanwhile. */
  accept(uid: number, now: number): Step<ReceiverEvent> {
    const sender = this.#takeQuestion(uid);
    if (sender === undefined) return IDLE;
    this.#accepted = { sender, giveUpAt: now + DONE_TIMEOUT_MS };
    this.send({ type: "accepted", uid });
    return this.step();
  }

  /**
   * The user does not want it: asks about the next sender that has agreed, or is done. Does nothing
   * when the question has been withdrawn meanwhile.
   */
  refuse(uid: number, _now: number): Step<ReceiverEvent> {
    const sender = this.#takeQuestion(uid);
    if (sender === undefined) return IDLE;
    this.send({ type: "refused", uid });
    this.#advance(sender, FAILED);
    const refused = { type: "refused", ...nameOf(sender) } as const;
    if (this.#questions.length === 0) {
      this.finish(refused);
    } else {
      this.emit(refused);
      this.#ask();
    }
    return this.step();
  }

  /** Hello_as_a_client. */
  protected override hello(): Packet {
    return { type: "hello-as-a-client", uid: RELAY_UID };
  }

  /** Packets for this role; what is meant for the other one or for the relay is dropped. */
  protected override handle(packet: Packet): void {
    if (packet.uid === RELAY_UID) return this.#handleRelay(packet);
    switch (packet.type) {
      case "y-and-server-validator":
        return this.#receiveY(packet);
      case "agreement":
        return this.#receiveAgreement(packet.uid);
      case "spoke-failure":
        return this.#receiveFailure(packet.uid);
      default: // dropped (section 3.2)
    }
  }

  /** This sender waits no longer. */
  protected override forget(uid: number): void {
    this.#ledger.forget(uid);
    const sender = this.#senders.get(uid);
    if (sender !== undefined) this.#remove(sender);
  }

  /** Overwrites the secrets of all exchanges. */
  protected override wipe(): void {
    for (const { progress } of this.#senders.values()) wipeStage(progress);
    this.#senders.clear();
    this.#questions.length = 0;
  }

  /** Tells how many senders there are, when that has changed. */
  protected override summarize(): void {
    const [waiting, failed] = [this.#senders.size, this.#failed];
    if (waiting === this.#told.waiting && failed === this.#told.failed) return;
    this.#told = { waiting, failed };
    this.emit({ type: "senders", waiting, failed });
  }

  #handleRelay(packet: Packet): void {
    switch (packet.type) {
      case "client-identity":
        return this.register(packet.identity);
      case "new-server":
        return this.#receiveNewServer(packet);
      case "done":
        return this.#receiveDone();
      default: // dropped (section 3.2)
    }
  }

  /** Starts an exchange, unless it is the same announcement again. */
  #receiveNewServer(packet: PacketOf<"new-server">): void {
    const { server: uid, identity, public: publicValue } = packet;
    const own = this.identity;
    if (own === undefined || uid === RELAY_UID) return;
    const known = this.#senders.get(uid);
    if (known !== undefined) {
      if (equalConstantTime(known.publicValue, publicValue)) return;
      this.#remove(known); // its share of guesses stays spent
    }
    if (this.done || this.#accepted !== undefined) return;
    const sender: Sender = { uid, identity, publicValue, progress: FAILED };
    this.#senders.set(uid, sender);
    this.#failed += 1;
    const client = this.exchange(uid, () => this.#startClient(identity, publicValue));
    if (client === undefined) return;
    this.#advance(sender, { stage: "exchanging", client, own });
    this.send({ type: "x-and-client-identity", uid, x: client.X, identity: own });
  }

  /**
   * @throws {SpokeFault} `invalid-public` for an announcement that this program cannot follow: an
   *   unacceptable identity, too many rounds, another cipher for the document than AES-256-GCM.
   */
  #startClient(identity: Uint8Array, publicValue: Uint8Array): SpokeClient {
    const { password, randomBytes, maxRounds = MAX_ANNOUNCED_ROUNDS } = this.#options;
    if (!isAcceptableIdentity(identity)) throw new SpokeFault("invalid-public", "its identity");
    const { cipher0 } = decodePublic(publicValue, maxRounds);
    if (cipher0 !== "aes-256-gcm") throw new SpokeFault("invalid-public", cipher0);
    return startClient({ password, publicValue, maxRounds, randomBytes });
  }

  /** The sender's proof; to look at it is what a guess consists in. */
  #receiveY({ uid, y, validator }: PacketOf<"y-and-server-validator">): void {
    const sender = this.#senders.get(uid);
    if (sender?.progress.stage !== "exchanging") {
      if (sender === undefined || sender.progress.stage === "failed") {
        this.#complain("invalid-server", uid);
      }
      return;
    }
    if (this.#accepted !== undefined) return;
    switch (this.#ledger.spend(uid)) {
      case "ignored":
        return this.#advance(sender, FAILED);
      case "used-up":
        return this.#stopGuessing(sender);
      case "spent":
    }
    const { client, own } = sender.progress;
    const answer = this.exchange(uid, () => client.receiveY(y, validator, own, sender.identity));
    if (answer === undefined) return this.#advance(sender, FAILED);
    this.#ledger.giveBack(uid);
    this.#advance(sender, { stage: "proved", keys: answer.keys });
    this.send({ type: "client-validator", uid, validator: answer.secondValidator });
  }

  /** No guess is left; but a sender that has proved to know the password still gets its answer. */
  #stopGuessing(sender: Sender): void {
    this.#advance(sender, FAILED);
    for (const { progress } of this.#senders.values()) if ("keys" in progress) return;
    this.finish({ type: "guesses-used-up", spent: this.#options.guesses.spent });
  }

  #receiveAgreement(uid: number): void {
    const sender = this.#senders.get(uid);
    const progress = sender?.progress;
    if (sender === undefined || progress?.stage !== "proved") {
      if (progress?.stage !== "agreed") this.#complain("no-handshake", uid);
      return;
    }
    sender.progress = { stage: "agreed", keys: progress.keys };
    this.#questions.push(sender);
    if (this.#questions.length === 1 && this.#accepted === undefined) this.#ask();
  }

  /** The sender has given the exchange up; it stays announced. */
  #receiveFailure(uid: number): void {
    const sender = this.#senders.get(uid);
    if (sender === undefined) return;
    this.#advance(sender, FAILED);
    this.#withdraw(sender);
  }

  /**
   * The relay has joined the two. Without an acceptance it is not answered: the reference's relay
   * cannot read the complaint that the protocol has for this case (section 10, item 14).
   */
  #receiveDone(): void {
    const sender = this.#accepted?.sender;
    if (sender?.progress.stage !== "agreed") return;
    const { keys } = sender.progress;
    this.#senders.delete(sender.uid); // its keys are handed out, and must not be wiped
    this.finish({ type: "accepted", ...nameOf(sender), keys });
  }

  /** Takes a sender to another stage, with what it had wiped. */
  #advance(sender: Sender, to: Stage): void {
    if (sender.progress.stage === "failed") this.#failed -= 1;
    if (to.stage === "failed") this.#failed += 1;
    if (sender.progress.stage === "exchanging" || to.stage === "failed") wipeStage(sender.progress);
    sender.progress = to;
  }

  /** The sender is no longer announced. */
  #remove(sender: Sender): void {
    this.#advance(sender, FAILED);
    this.#failed -= 1;
    this.#senders.delete(sender.uid);
    this.#withdraw(sender);
  }

  #ask(): void {
    const sender = this.#questions[0];
    if (sender !== undefined) this.emit({ type: "agreed", ...nameOf(sender) });
  }

  /** The open question, answered now; undefined when it is not about this sender. */
  #takeQuestion(uid: number): Sender | undefined {
    if (this.#accepted !== undefined || this.#questions[0]?.uid !== uid) return undefined;
    return this.#questions.shift();
  }

  /** The sender is out of it. */
  #withdraw(sender: Sender): void {
    if (this.#accepted?.sender === sender) {
      return this.finish({ type: "sender-gone", ...nameOf(sender) });
    }
    const at = this.#questions.indexOf(sender);
    if (at < 0) return;
    this.#questions.splice(at, 1);
    if (at > 0 || this.#accepted !== undefined) return;
    this.emit({ type: "cancelled", ...nameOf(sender) });
    this.#ask();
  }

  #complain(reason: "invalid-server" | "no-handshake", peer: number): void {
    this.send({ type: "relay-failure", uid: RELAY_UID, reason, peer });
  }
}

function nameOf({ uid, identity }: Sender): PeerName {
  return { uid, identity };
}

function wipeStage(progress: Stage): void {
  if ("client" in progress) progress.client.forget();
  else if ("keys" in progress) wipe(progress.keys.clientKey, progress.keys.serverKey);
}
