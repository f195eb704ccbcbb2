/**
 * A tap between a core and a backend: to the core it is the backend, to the backend the core. It
 * agrees on keys with each and passes every packet on as it is, so that both find the other's form,
 * numbers, version, features and mistakes. sealed-1 is in force on both sides or on none.
 *
 * The steps of the handshake are passed on too: what one side waits for comes when the other has sent
 * it, and a core that closes on the id is one that closes on the id.
 *
 * @module
 */

import { ChunkBuffer } from "../../bytes/mod.ts";
import { type ByteOrder, encodeFrame } from "../channel/frame.ts";
import { KEY_EXCHANGE, type KeyExchange, type KeyPair } from "../channel/keys.ts";
import { createPlainCipher, type PacketCipher } from "../channel/seal.ts";
import { KEY_BYTES, NONCE_BYTES } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { guessByteOrder, PacketStream } from "./packet_stream.ts";
import type { Side } from "./packet_view.ts";
import { makeObservedCiphers, SealWatch } from "./seal_watch.ts";
import type { TraceEvent } from "./trace_viewer.ts";

/** One of the two connections: what the tap and its peer there are known by. */
export interface TapLeg {
  /** The id that is shown on it, 16 bytes. */
  readonly id: Uint8Array;
  /** The spawn secret that both ends of it know, if there is one. */
  readonly spawnSecret: Uint8Array | undefined;
}

/** What a tap is made of. */
export interface TapOptions {
  /** The connection to the core. */
  readonly core: TapLeg;
  /** The connection of the backend. */
  readonly backend: TapLeg;
  /** Order of the bytes of sizes; found out by the first packet unless given. */
  readonly byteOrder?: ByteOrder | undefined;
  /** Returns that many random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** The key exchange, if not the one of this library. */
  readonly exchange?: KeyExchange | undefined;
}

/** What is to be done, in the order of the fields. */
export interface TapStep {
  /** To be written to the core. */
  readonly toCore: readonly Uint8Array[];
  /** To be written to the backend. */
  readonly toBackend: readonly Uint8Array[];
  /** To be shown. */
  readonly events: readonly TraceEvent[];
  /** Nothing more can be passed on: close both. */
  readonly fault: TribaFault | undefined;
}

/** The tap's part of one connection. */
class Leg {
  readonly pair: KeyPair;
  readonly buffer = new ChunkBuffer();
  peerKey: Uint8Array | undefined;
  packetKey: Uint8Array | undefined;
  stream: PacketStream | undefined;
  sending: PacketCipher | undefined;

  readonly #exchange: KeyExchange;

  constructor(readonly known: TapLeg, { random, exchange = KEY_EXCHANGE }: TapOptions) {
    this.#exchange = exchange;
    this.pair = exchange.makeKeyPair(random);
  }

  /** Takes the peer's key once it is there. */
  takeKey(): Uint8Array | undefined {
    if (this.peerKey !== undefined) return undefined;
    const key = this.buffer.take(KEY_BYTES)?.slice();
    if (key === undefined) return undefined;
    this.packetKey = this.#exchange.computePacketKey(this.pair.secretKey, key);
    return this.peerKey = key;
  }
}

/** Passes on what both sides send; the driver reads the backend's id itself, and shows the tap's. */
export class TapMachine {
  readonly #core: Leg;
  readonly #backend: Leg;
  readonly #watch = new SealWatch();
  #byteOrder: ByteOrder | undefined;
  #nonce: Uint8Array | undefined;
  #toCore: Uint8Array[] = [];
  #toBackend: Uint8Array[] = [];
  #events: TraceEvent[] = [];
  #fault: TribaFault | undefined;

  /** Begins behind step 1 on both connections. */
  constructor(options: TapOptions) {
    this.#core = new Leg(options.core, options);
    this.#backend = new Leg(options.backend, options);
    this.#byteOrder = options.byteOrder;
  }

  /** Takes bytes of one side. */
  receive(from: Side, bytes: Uint8Array): TapStep {
    try {
      if (this.#fault === undefined) this.#receive(from, bytes);
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      this.#fault = error;
      this.#note(from, error.message);
    }
    const step = {
      toCore: this.#toCore,
      toBackend: this.#toBackend,
      events: this.#events,
      fault: this.#fault,
    };
    this.#toCore = [];
    this.#toBackend = [];
    this.#events = [];
    return step;
  }

  #receive(from: Side, bytes: Uint8Array): void {
    const leg = from === "core" ? this.#core : this.#backend;
    if (leg.stream === undefined) leg.buffer.push(bytes);
    else leg.stream.push(bytes);
    if (this.#core.stream === undefined) this.#shakeHands();
    this.#pass("backend");
    this.#pass("core");
  }

  /** Steps 3 to 6 on both connections. */
  #shakeHands(): void {
    const [core, backend] = [this.#core, this.#backend];
    if (core.takeKey() !== undefined) {
      this.#note("core", "public key");
      this.#toCore.push(core.pair.publicKey);
      this.#toBackend.push(backend.pair.publicKey);
    }
    if (backend.takeKey() !== undefined) this.#note("backend", "public key");
    if (core.peerKey === undefined) return;
    if (this.#nonce === undefined) {
      this.#nonce = core.buffer.take(NONCE_BYTES)?.slice();
      if (this.#nonce === undefined) return;
      this.#note("core", "nonce");
      this.#toBackend.push(this.#nonce);
    }
    if (backend.peerKey === undefined) return;
    this.#byteOrder ??= guessByteOrder(backend.buffer); // it speaks first (step 7)
    if (this.#byteOrder !== undefined) this.#open(this.#byteOrder, this.#nonce);
  }

  #open(byteOrder: ByteOrder, nonce: Uint8Array): void {
    for (const [side, leg] of [["core", this.#core], ["backend", this.#backend]] as const) {
      if (leg.packetKey === undefined) return;
      leg.sending = createPlainCipher(leg.packetKey, nonce);
      leg.stream = new PacketStream(side, byteOrder, leg.sending, leg.buffer);
    }
  }

  /** Packets of one side, sealed anew for the other. */
  #pass(from: Side): void {
    const { stream } = from === "core" ? this.#core : this.#backend;
    for (let packet = stream?.next(); packet !== undefined; packet = stream?.next()) {
      const { id, plaintext, content } = packet;
      const { sending } = from === "core" ? this.#backend : this.#core;
      if (sending === undefined) return;
      const frame = encodeFrame(sending.seal(plaintext, id), this.#byteOrder);
      (from === "core" ? this.#toBackend : this.#toCore).push(frame);
      if (content.packet === undefined) this.#note(from, content.wrong);
      else this.#events.push({ type: "packet", from, view: content.view });
      if (this.#watch.note(from, packet)) this.#useSealed1();
    }
  }

  #useSealed1(): void {
    for (const leg of [this.#core, this.#backend]) {
      const { packetKey, stream, known: { id, spawnSecret } } = leg;
      const isCore = leg === this.#core;
      const [coreKey, backendKey] = isCore
        ? [leg.peerKey, leg.pair.publicKey]
        : [leg.pair.publicKey, leg.peerKey];
      const { coreToBackend, backendToCore } = makeObservedCiphers({
        packetKey,
        spawnSecret,
        id,
        nonce: this.#nonce,
        coreKey,
        backendKey,
      });
      if (stream === undefined) return;
      leg.sending = isCore ? backendToCore : coreToBackend;
      stream.cipher = isCore ? coreToBackend : backendToCore;
    }
    this.#note(undefined, "keys of sealed-1 from here");
  }

  #note(from: Side | undefined, text: string): void {
    this.#events.push({ type: "note", from, text });
  }
}
