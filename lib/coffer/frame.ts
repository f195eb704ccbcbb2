/**
 * Frames: a length, a type and a body, in the wide framing of the original programs and the narrow
 * one of the seed (spec section 2).
 *
 * @module
 */

import { ByteWriter, ChunkBuffer } from "../bytes/mod.ts";
import { MAX_NARROW_BYTES } from "./constants.ts";

/** `wide`: length as u64, 9-byte header. `narrow`: length as u16, 3-byte header. */
export type Framing = "wide" | "narrow";

/** Both framings. */
export const FRAMINGS: readonly Framing[] = ["wide", "narrow"];
/** Number of bytes at the start of a stream that tell the framings apart. */
export const DETECTION_BYTES = 3;

const NO_BODY = new Uint8Array();
const HEADER_BYTES: Readonly<Record<Framing, number>> = { wide: 9, narrow: 3 };

/** What stands before a body. */
export interface FrameHeader {
  /** The message type, one byte. */
  readonly type: number;
  /** Length of the body in bytes; rounded above 2^53, where every limit is far below. */
  readonly length: number;
}

/** A whole frame. */
export interface Frame {
  /** The message type. */
  readonly type: number;
  /** The body; empty if it was skipped. */
  readonly body: Uint8Array;
}

/**
 * The bytes of a frame.
 *
 * @throws {RangeError} when the body is too long for the framing.
 */
export function encodeFrame(
  framing: Framing,
  type: number,
  body: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(HEADER_BYTES[framing] + body.length);
  if (framing === "wide") writer.u64(BigInt(body.length));
  else if (body.length <= MAX_NARROW_BYTES) writer.u16(body.length);
  else throw new RangeError(`Cannot write a narrow frame: ${body.length} bytes of body`);
  return writer.u8(type).bytes(body).finish();
}

/**
 * The framing of a stream that begins so (spec 2.3): three zero bytes are wide, whose lengths are
 * below 2^40; the only narrow frame with that beginning is an empty Hello, which is illegal.
 */
export function detectFraming(first: ArrayLike<number | undefined>): Framing {
  return first[0] === 0 && first[1] === 0 && first[2] === 0 ? "wide" : "narrow";
}

/** What is to become of a frame, judged on its header alone. */
export type Verdict =
  | "take" // the body is collected
  | "skip" // the body is dropped as it arrives
  | "refuse"; // nothing more is read from this stream

/** Collects chunks into frames. */
export class FrameDecoder {
  readonly #framings: readonly Framing[];
  readonly #buffer = new ChunkBuffer();
  #framing: Framing | undefined;
  #header: FrameHeader | undefined;
  /** Bytes of a skipped body that are still to come. */
  #skipping: number | undefined;
  #refused = false;

  /** Framings that are allowed; the first bytes decide if there are two. */
  constructor(framings: readonly Framing[] = FRAMINGS) {
    this.#framings = framings;
  }

  /** The framing of the stream, once three bytes of it have come. */
  get framing(): Framing | undefined {
    return this.#framing;
  }

  /** Takes a chunk in; it is copied. */
  push(chunk: Uint8Array): void {
    if (!this.#refused) this.#buffer.push(chunk);
  }

  /**
   * The next frame, or undefined until more bytes come.
   *
   * @param judge Asked once for each frame, before any byte of its body is waited for.
   */
  next(judge: (header: FrameHeader) => Verdict): Frame | undefined {
    if (this.#refused) return undefined;
    if (this.#header === undefined) {
      this.#header = this.#readHeader();
      if (this.#header === undefined) return undefined;
      const verdict = judge(this.#header);
      if (verdict === "refuse") {
        this.#refused = true;
        this.#buffer.takeAll();
        return undefined;
      }
      if (verdict === "skip") this.#skipping = this.#header.length;
    }
    const { type, length } = this.#header;
    const body = this.#skipping === undefined ? this.#take(length) : this.#skip();
    if (body !== undefined) this.#header = undefined;
    return body === undefined ? undefined : { type, body };
  }

  /** Most bodies are empty, and arrays cost more than everything else here. */
  #take(length: number): Uint8Array | undefined {
    return length === 0 ? NO_BODY : this.#buffer.take(length);
  }

  #skip(): Uint8Array | undefined {
    const dropped = Math.min(this.#skipping ?? 0, this.#buffer.length);
    this.#buffer.skip(dropped);
    this.#skipping = (this.#skipping ?? 0) - dropped;
    if (this.#skipping > 0) return undefined;
    this.#skipping = undefined;
    return NO_BODY;
  }

  #readHeader(): FrameHeader | undefined {
    this.#framing ??= this.#detect();
    if (this.#framing === undefined) return undefined;
    const last = HEADER_BYTES[this.#framing] - 1;
    const type = this.#buffer.at(last);
    if (type === undefined) return undefined;
    let length = 0;
    for (let at = 0; at < last; at++) length = length * 256 + (this.#buffer.at(at) ?? 0);
    this.#buffer.skip(last + 1);
    return { type, length };
  }

  #detect(): Framing | undefined {
    if (this.#buffer.length < DETECTION_BYTES) return undefined;
    const [only, other] = this.#framings;
    if (only !== undefined && other === undefined) return only;
    return detectFraming([this.#buffer.at(0), this.#buffer.at(1), this.#buffer.at(2)]);
  }
}
