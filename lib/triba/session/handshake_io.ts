/**
 * What the steps of a handshake work with (section 4). They are written in the order of the
 * document, and wait where it waits.
 *
 * @module
 */

import { ChunkBuffer, wipe } from "../../bytes/mod.ts";
import { PacketChannel } from "../channel/channel.ts";
import type { Packet } from "../channel/packet.ts";
import { createPlainCipher } from "../channel/seal.ts";
import type { Agreement, Settings } from "./settings.ts";

/** A handshake that went through: what the session goes on with. */
export interface Opened {
  /** Holds what has arrived beyond the handshake. */
  readonly channel: PacketChannel;
  /** What both sides found out. */
  readonly agreement: Agreement;
}

/**
 * One side's steps, in the order of the document. Stops (`yield`) where it needs more bytes, and is
 * resumed when some have come. What it throws ends the connection.
 */
export type Steps = Generator<void, Opened, void>;

/** What the steps of a handshake work with: bytes in, bytes out, and where it stands. */
export class HandshakeIo {
  /** What has arrived and was not taken. */
  readonly buffer: ChunkBuffer = new ChunkBuffer();
  #outgoing: Uint8Array[] = [];
  #secrets: Uint8Array[] = [];
  #channel: PacketChannel | undefined;
  #state: string;

  /** Stands at first where the machine begins. */
  constructor(state: string) {
    this.#state = state;
  }

  /** Where the handshake stands, in the words of section 8. */
  get state(): string {
    return this.#state;
  }

  /** Goes on to the next state. */
  enter(state: string): void {
    this.#state = state;
  }

  /** Sends bytes. */
  send(bytes: Uint8Array): void {
    this.#outgoing.push(bytes);
  }

  /** Takes what was sent since the last call. */
  drain(): Uint8Array[] {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return outgoing;
  }

  /** Remembers a secret, to be overwritten when the handshake is over, and returns it. */
  keep(secret: Uint8Array): Uint8Array {
    this.#secrets.push(secret);
    return secret;
  }

  /** Step 6: packets from here, under the key that both sides share. */
  createChannel(settings: Settings, key: Uint8Array, nonce: Uint8Array): PacketChannel {
    this.#channel = new PacketChannel({
      cipher: createPlainCipher(key, nonce),
      byteOrder: settings.byteOrder ?? "big",
      form: settings.form ?? "compact",
      buffer: this.buffer,
      firstId: settings.firstId,
    });
    return this.#channel;
  }

  /** Overwrites the secrets; the channel lives on if the handshake went through. */
  wipe(): void {
    wipe(...this.#secrets);
    if (this.#state !== "open") this.#channel?.wipe();
  }

  /** Waits for that many raw bytes. */
  *take(length: number): Generator<void, Uint8Array<ArrayBuffer>, void> {
    for (;; yield) {
      const bytes = this.buffer.take(length);
      if (bytes !== undefined) return bytes.slice();
    }
  }

  /** Waits for a packet. */
  *packet(channel: PacketChannel): Generator<void, Packet, void> {
    for (;; yield) {
      const packet = channel.next();
      if (packet !== undefined) return packet;
    }
  }
}
