/**
 * One direction of a connection as somebody sees it who has the keys and is neither of both sides:
 * nothing is refused that the sides themselves should refuse.
 *
 * @module
 */

import { ChunkBuffer } from "../../bytes/mod.ts";
import { type ByteOrder, FrameDecoder } from "../channel/frame.ts";
import type { PacketCipher } from "../channel/seal.ts";
import { MAX_PAYLOAD_BYTES, SIZE_BYTES } from "../constants.ts";
import { type PlaintextView, type Side, viewPlaintext } from "./packet_view.ts";

/** A packet of one direction. */
export interface ObservedPacket {
  /** The number with which it was opened, and must be sealed again. */
  readonly id: number;
  /** What was sealed. */
  readonly plaintext: Uint8Array;
  /** What it says. */
  readonly content: PlaintextView;
}

/** Opens the packets of one direction. */
export class PacketStream {
  /** Opens the packets from now on. */
  cipher: PacketCipher;
  readonly #from: Side;
  readonly #frames: FrameDecoder;
  #expected = 0;

  /** Begins with what the buffer holds. */
  constructor(from: Side, byteOrder: ByteOrder, cipher: PacketCipher, buffer: ChunkBuffer) {
    this.#from = from;
    this.cipher = cipher;
    this.#frames = new FrameDecoder(byteOrder, MAX_PAYLOAD_BYTES, buffer);
  }

  /** Whether the stream is inside a packet. */
  get inside(): boolean {
    return this.#frames.inside;
  }

  /** Adds bytes that arrived; they are copied. */
  push(bytes: Uint8Array): void {
    this.#frames.push(bytes);
  }

  /**
   * The next packet that is complete.
   *
   * @throws {TribaFault} `size`, `byte-order` or `cipher`.
   */
  next(): ObservedPacket | undefined {
    const payload = this.#frames.next();
    if (payload === undefined) return undefined;
    const plaintext = this.cipher.open(payload, this.#expected);
    const content = viewPlaintext(plaintext, this.#from);
    const id = content.packet?.id ?? this.#expected;
    this.#expected = id + 1;
    return { id, plaintext, content };
  }
}

/**
 * The order in which a first packet was written, if four bytes are there to tell: sizes over the
 * limit are those of the other order. Only a tool may guess like that (section 5).
 */
export function guessByteOrder(buffer: ChunkBuffer): ByteOrder | undefined {
  const size = buffer.peek(SIZE_BYTES);
  if (size === undefined) return undefined;
  const view = new DataView(size.buffer, size.byteOffset, SIZE_BYTES);
  const [big, little] = [view.getUint32(0), view.getUint32(0, true)];
  return big > MAX_PAYLOAD_BYTES && little <= MAX_PAYLOAD_BYTES ? "little" : "big";
}
