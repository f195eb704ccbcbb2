/**
 * The packets of one connection in both directions: counts ids, seals and opens, checks the order
 * (sections 5 and 6.2). It knows nothing of what the packets mean.
 *
 * @module
 */

import type { ChunkBuffer } from "../../bytes/mod.ts";
import { MsgpackFault, type MsgpackValue } from "../../msgpack/mod.ts";
import {
  MAX_HANDSHAKE_PAYLOAD_BYTES,
  MAX_PACKETS,
  MAX_PAYLOAD_BYTES,
  MAX_SENT_PAYLOAD_BYTES,
  TAG_BYTES,
} from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { type ByteOrder, encodeFrame, FrameDecoder } from "./frame.ts";
import {
  decodePacket,
  encodeRequest,
  encodeResponse,
  type Packet,
  type PacketForm,
} from "./packet.ts";
import type { PacketCipher } from "./seal.ts";

/** How a channel begins. */
export interface ChannelOptions {
  /** The cipher of both directions, until {@linkcode PacketChannel.useCiphers}. */
  readonly cipher: PacketCipher;
  /** Order of the size's bytes in both directions. */
  readonly byteOrder: ByteOrder;
  /** How packets are written. */
  readonly form: PacketForm;
  /** What arrived already. */
  readonly buffer: ChunkBuffer;
  /** Number of the first packet sent, 0 unless given; who tests a peer may begin with another. */
  readonly firstId?: number | undefined;
  /** Number that the next packet received must have; undefined for 0 or 1. */
  readonly expectedId?: number | undefined;
}

/** Sends and receives packets; each frame it returns must be written, in order. */
export class PacketChannel {
  /** How packets are written from now on. */
  form: PacketForm;

  readonly #frames: FrameDecoder;
  readonly #byteOrder: ByteOrder;
  #sending: PacketCipher;
  #receiving: PacketCipher;
  #nextId: number;
  #expected: number | undefined;

  /** Begins with the limits of the handshake. */
  constructor(options: ChannelOptions) {
    this.form = options.form;
    this.#byteOrder = options.byteOrder;
    this.#frames = new FrameDecoder(
      options.byteOrder,
      MAX_HANDSHAKE_PAYLOAD_BYTES,
      options.buffer,
    );
    this.#sending = this.#receiving = options.cipher;
    this.#nextId = options.firstId ?? 0;
    this.#expected = options.expectedId;
  }

  /** Whether the stream is inside a packet. */
  get inside(): boolean {
    return this.#frames.inside;
  }

  /** Number that the next packet sent will have. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Adds bytes that arrived; they are copied. */
  push(bytes: Uint8Array): void {
    this.#frames.push(bytes);
  }

  /**
   * The next packet that has arrived completely.
   *
   * @throws {TribaFault} `size`, `byte-order`, `cipher`, `malformed`, `sequence` or `exhausted`.
   */
  next(): Packet | undefined {
    const payload = this.#frames.next();
    if (payload === undefined) return undefined;
    const expected = this.#expected;
    if (expected !== undefined && expected >= MAX_PACKETS) {
      throw new TribaFault("exhausted", `Cannot read packet ${expected}: the last id was used`);
    }
    const packet = decodePacket(this.#receiving.open(payload, expected ?? 0));
    const inOrder = expected === undefined ? packet.id <= 1 : packet.id === expected;
    if (!inOrder) {
      throw new TribaFault(
        "sequence",
        `Cannot take packet ${packet.id}: expected ${expected ?? "0 or 1"}`,
      );
    }
    this.#expected = packet.id + 1;
    return packet;
  }

  /**
   * A frame with a request, and the number it has.
   *
   * @throws {TribaFault} `too-large` or `argument`, in which case no id is used; `exhausted`.
   */
  sendRequest(body: MsgpackValue): { readonly id: number; readonly frame: Uint8Array } {
    const id = this.#nextId;
    return { id, frame: this.sendPlaintext(encodeBody(() => encodeRequest(id, body, this.form))) };
  }

  /**
   * A frame with the response to request `req` of the peer.
   *
   * @throws {TribaFault} as {@linkcode PacketChannel.sendRequest}.
   */
  sendResponse(req: number, body: MsgpackValue): Uint8Array {
    return this.sendPlaintext(
      encodeBody(() => encodeResponse(this.#nextId, req, body, this.form)),
    );
  }

  /**
   * A frame with a plaintext as it is, for who tests a peer; it counts as a packet.
   *
   * @throws {TribaFault} `too-large` or `exhausted`.
   */
  sendPlaintext(plaintext: Uint8Array): Uint8Array {
    if (this.#nextId >= MAX_PACKETS) {
      throw new TribaFault("exhausted", `Cannot send packet ${this.#nextId}: all ids are used`);
    }
    if (plaintext.length + TAG_BYTES > MAX_SENT_PAYLOAD_BYTES) {
      throw new TribaFault(
        "too-large",
        `Cannot send ${plaintext.length} bytes: more than ${MAX_SENT_PAYLOAD_BYTES - TAG_BYTES}`,
      );
    }
    const payload = this.#sending.seal(plaintext, this.#nextId);
    this.#nextId++;
    return encodeFrame(payload, this.#byteOrder);
  }

  /** Takes the limits of an open session from the next packet on. */
  open(): void {
    this.#frames.limit = MAX_PAYLOAD_BYTES;
  }

  /** Uses other ciphers from the next packet on, in both directions; the counters go on. */
  useCiphers(ciphers: { readonly sending: PacketCipher; readonly receiving: PacketCipher }): void {
    this.wipe();
    this.#sending = ciphers.sending;
    this.#receiving = ciphers.receiving;
  }

  /** Derives ahead what the next packet of each direction needs: for when nothing else is to be done. */
  prepare(): void {
    this.#sending.prepare(this.#nextId);
    this.#receiving.prepare(this.#expected ?? 0);
  }

  /** Overwrites the keys; no packet can be sent or received afterwards. */
  wipe(): void {
    this.#sending.wipe();
    this.#receiving.wipe();
  }
}

/** What cannot be encoded is a wrong argument of the program's call. */
function encodeBody<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof MsgpackFault)) throw error;
    throw new TribaFault("argument", `Cannot send a packet: ${error.message}`, { cause: error });
  }
}
