/**
 * What sender and receiver share on the main port: packets in and out, the ways to end, and the
 * pace (bob protocol, section 3).
 *
 * A step of the key exchange takes milliseconds of arithmetic, and a relay can announce thousands
 * of servers in one chunk. So one call takes a few such steps and leaves the packets behind them,
 * in their order, for the next call: `wakeAt` is then the present, and between the two the program
 * can attend to everything else.
 *
 * @module
 */

import { equalConstantTime } from "../bytes/mod.ts";
import { IDLE, type Machine, type Step } from "../net/mod.ts";
import { encodeFailure, SpokeFault } from "../spoke/mod.ts";
import { RELAY_UID } from "./constants.ts";
import { BobFault } from "./fault.ts";
import { isAcceptableIdentity } from "./identity.ts";
import {
  encodePacket,
  type Packet,
  type PacketType,
  SPOKE_FAILURE_REASONS,
  type SpokeFailureReason,
} from "./packet.ts";
import { PacketDecoder } from "./packet_decoder.ts";

/** Steps of the key exchange in one call: about 10 ms, with the most PBKDF2 rounds 70 ms. */
const EXCHANGES_PER_CALL = 4;
/** Bytes that may wait for their turn: room for announcements of as many peers as there are uids. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024;
/** Packets that ask for a step of the key exchange. */
const EXCHANGE_PACKETS: ReadonlySet<PacketType> = new Set<PacketType>([
  "new-server",
  "x-and-client-identity",
  "y-and-server-validator",
]);

/** The other side of an exchange, as events name it. */
export interface PeerName {
  /** Its number at the relay, for this connection. */
  readonly uid: number;
  /** Its address as the relay sees it, 1 to 99 visible ASCII characters. */
  readonly identity: Uint8Array;
}

/** What happens to senders and receivers alike. */
export type PeerEvent =
  /** The relay has registered this peer under this identity. */
  | { readonly type: "registered"; readonly identity: Uint8Array }
  | FinalPeerEvent;

/** After these the machine is done. */
export type FinalPeerEvent =
  /** Strangers have tried so many passwords that it is time to stop. */
  | { readonly type: "guesses-used-up"; readonly spent: number }
  /** The relay closed, or would not wait any longer; a sender may register again. */
  | { readonly type: "relay-timeout" }
  /** The relay ended the connection without a word; a sender may register again. */
  | { readonly type: "lost" }
  /** The relay broke the protocol. */
  | { readonly type: "fault"; readonly fault: BobFault };

/** One peer's connection to the main port of a relay. */
export abstract class PeerMachine<Event> implements Machine<Event | PeerEvent> {
  readonly #decoder = new PacketDecoder();
  #identity: Uint8Array | undefined;
  #send: Uint8Array[] = [];
  #events: (Event | PeerEvent)[] = [];
  #done = false;
  #exchanges = 0;
  #behindSince: number | undefined;

  /** The first packet. */
  protected abstract hello(): Packet;
  /** Acts on a packet that is not common to both roles. */
  protected abstract handle(packet: Packet, now: number): void;
  /** The relay says that this peer is gone. */
  protected abstract forget(uid: number): void;
  /** Overwrites all secrets that were not handed out. */
  protected abstract wipe(): void;
  /** Called before a step is handed out, for events that sum it up. */
  protected abstract summarize(): void;

  /** When to call {@linkcode PeerMachine.tick}: at once while packets wait for their turn. */
  get wakeAt(): number | undefined {
    return this.#done ? undefined : this.#behindSince;
  }

  /** Says hello. */
  start(_now: number): Step<Event | PeerEvent> {
    this.send(this.hello());
    return this.step();
  }

  /** Packets from the relay, cut anywhere. */
  receive(bytes: Uint8Array, now: number): Step<Event | PeerEvent> {
    if (!this.#done) this.#work(bytes, now);
    return this.step();
  }

  /** Takes up what waits. */
  tick(now: number): Step<Event | PeerEvent> {
    if (!this.#done && this.#behindSince !== undefined) this.#work(new Uint8Array(), now);
    return this.step();
  }

  /** The relay ended its stream. What it said before counts, but nobody is there for exchanges. */
  end(now: number): Step<Event | PeerEvent> {
    if (this.#done) return this.step();
    this.#guard(() => {
      for (const packet of this.#decoder.push(new Uint8Array())) {
        if (!EXCHANGE_PACKETS.has(packet.type)) this.#dispatch(packet, now);
        if (this.#done) return;
      }
      this.#decoder.end();
      this.finish({ type: "lost" });
    });
    return this.step();
  }

  /** This peer's own identity, once the relay has told it. */
  protected get identity(): Uint8Array | undefined {
    return this.#identity;
  }

  /** Whether the last event has come. */
  protected get done(): boolean {
    return this.#done;
  }

  /** Puts a packet behind the others. */
  protected send(packet: Packet): void {
    this.#send.push(encodePacket(packet));
  }

  /** Puts an event behind the others. */
  protected emit(event: Event | PeerEvent): void {
    this.#events.push(event);
  }

  /** Puts the last event behind the others. */
  protected finish(event: Event | FinalPeerEvent): void {
    this.emit(event);
    this.#done = true;
    this.wipe();
  }

  /**
   * Runs a step of the key exchange.
   *
   * @returns what it gives; undefined when it failed, and the other peer is told why.
   */
  protected exchange<Result>(uid: number, run: () => Result): Result | undefined {
    this.#exchanges += 1;
    try {
      return run();
    } catch (error) {
      if (!(error instanceof SpokeFault)) throw error;
      const reason = SPOKE_FAILURE_REASONS[encodeFailure(error.code)] as SpokeFailureReason;
      this.send({ type: "spoke-failure", uid, reason });
      return undefined;
    }
  }

  /** Remembers the identity that the relay gave to this peer. */
  protected register(identity: Uint8Array): void {
    if (!isAcceptableIdentity(identity)) {
      throw new BobFault(
        "invalid-identity",
        `Cannot register: the relay gave an identity of ${identity.length} bytes, no address`,
      );
    }
    if (this.#identity !== undefined && equalConstantTime(this.#identity, identity)) return;
    this.#identity = identity;
    this.emit({ type: "registered", identity });
  }

  /** Hands out what has come together. */
  protected step(): Step<Event | PeerEvent> {
    if (!this.#done) this.summarize();
    if (this.#send.length === 0 && this.#events.length === 0 && !this.#done) return IDLE;
    const step = { send: this.#send, events: this.#events, done: this.#done };
    this.#send = [];
    this.#events = [];
    return step;
  }

  #work(bytes: Uint8Array, now: number): void {
    this.#behindSince = undefined;
    this.#exchanges = 0;
    this.#guard(() => {
      for (const packet of this.#decoder.push(bytes)) {
        this.#dispatch(packet, now);
        if (this.#done) return;
        if (this.#exchanges < EXCHANGES_PER_CALL) continue;
        this.#behindSince = now;
        break;
      }
      const waiting = this.#decoder.pending;
      if (waiting <= MAX_BACKLOG_BYTES) return;
      throw new BobFault("too-many-packets", `Cannot keep up: ${waiting} bytes of packets wait`);
    });
  }

  /** What the relay says of itself counts only from the relay. */
  #dispatch(packet: Packet, now: number): void {
    switch (packet.type) {
      case "closed":
        if (packet.uid !== RELAY_UID) return;
        if (packet.peer === RELAY_UID) this.finish({ type: "relay-timeout" });
        else this.forget(packet.peer);
        return;
      case "timeout":
        if (packet.uid === RELAY_UID) this.finish({ type: "relay-timeout" });
        return;
      default:
        this.handle(packet, now);
    }
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof BobFault)) throw error;
      this.finish({ type: "fault", fault: error });
    }
  }
}
