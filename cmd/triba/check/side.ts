/**
 * One side of a session that is played step by step, with every byte in our hands. It reads
 * leniently, so that one thing that is wrong with the other side shows at the point for it and at no
 * other.
 *
 * @module
 */

import { diagnoseFirstPacket } from "./diagnosis.ts";
import type { Line } from "./line.ts";
import type { PointStage } from "./runner.ts";
import { Failure, Malformed, type Point } from "./verdict.ts";
import type { MsgpackValue } from "../../../lib/msgpack/mod.ts";
import {
  type ByteOrder,
  createPlainCipher,
  decodePacket,
  encodeFrame,
  encodeRequest,
  encodeResponse,
  MAX_PAYLOAD_BYTES,
  MIN_PAYLOAD_BYTES,
  type Packet,
  type PacketCipher,
  type PacketForm,
  type Response,
  RESPONSES,
  SIZE_BYTES,
  TribaFault,
} from "../../../lib/triba/mod.ts";

/** How long to listen for what should not come, in milliseconds. */
export const QUIET_MS = 100;

/** How to talk to the program under test. */
export interface Manner {
  /** Order of the size's bytes. */
  readonly byteOrder: ByteOrder;
  /** How packets are written. */
  readonly form: PacketForm;
  /** Whether step 9 is done. */
  readonly handshake: "versioned" | "plain";
  /** How long to wait for anything, in milliseconds. */
  readonly patienceMs: number;
}

/** What differs in one session, whoever we are in it. */
export interface SidePlay {
  /** How packets are written. */
  readonly form?: PacketForm | undefined;
  /** Number of our first packet. */
  readonly firstId?: number | undefined;
}

/** Where points are played that are the same for both roles. */
export interface SideStage extends PointStage {
  /** How to talk to the program under test. */
  readonly manner: Manner;
  /** A program with an open session of its own. */
  open(play?: SidePlay): Promise<Side>;
  /** The open session of several points: for what leaves no trace if it goes well. */
  shared(): Promise<Side>;
}

/** A point for both roles. */
export type SidePoint = Point<SideStage>;

/** A packet of the other side. */
export interface Seen {
  /** What it says. */
  readonly packet: Packet;
  /** Its MessagePack. */
  readonly plaintext: Uint8Array;
}

/** What came instead of a packet. */
export type Silence = "ended" | "late";

/** Our side of one connection. */
export abstract class Side {
  /** The connection. */
  readonly line: Line;
  /** How to talk. */
  readonly manner: Manner;
  /** All packets that came. */
  readonly seen: Seen[] = [];
  /** How packets are written from now on. */
  form: PacketForm;
  /** Number of the next packet sent. */
  nextId: number;

  #keys: { readonly packetKey: Uint8Array; readonly nonce: Uint8Array } | undefined;
  #sending: PacketCipher | undefined;
  #receiving: PacketCipher | undefined;
  #expected = 0;
  /** Requests of the other side that have their answer. */
  readonly #answered = new Set<number>();

  /** Begins without keys. */
  constructor(line: Line, manner: Manner, form: PacketForm, firstId: number) {
    this.line = line;
    this.manner = manner;
    this.form = form;
    this.nextId = firstId;
  }

  /** Whether the version was exchanged. */
  abstract get knowsVersion(): boolean;

  /** Whether the program under test runs, and what it wrote last. */
  abstract describeEnd(): string;

  /** What our side says to a request of the other. */
  protected abstract answer(packet: Packet): MsgpackValue;

  /** Sends a request; returns its number. */
  request(body: MsgpackValue): number {
    const id = this.nextId;
    this.plaintext(encodeRequest(id, body, this.form));
    return id;
  }

  /** Sends a response. */
  respond(req: number, body: MsgpackValue): void {
    this.plaintext(encodeResponse(this.nextId, req, body, this.form));
  }

  /** Sends any bytes as a packet; it counts as one. */
  plaintext(bytes: Uint8Array): void {
    this.payload(this.seal(bytes));
    this.nextId++;
  }

  /** Sends any bytes behind their size. */
  payload(bytes: Uint8Array): void {
    this.line.send(encodeFrame(bytes, this.manner.byteOrder));
  }

  /** Sends a size and nothing behind it. */
  size(bytes: number): void {
    const size = new Uint8Array(SIZE_BYTES);
    const littleEndian = this.manner.byteOrder === "little";
    new DataView(size.buffer).setUint32(0, bytes, littleEndian);
    this.line.send(size);
  }

  /** The bytes as the payload of the packet of this number, which is the next one unless given. */
  seal(bytes: Uint8Array, id: number = this.nextId): Uint8Array<ArrayBuffer> {
    if (this.#sending === undefined) throw new TypeError("Cannot seal a packet: no keys yet");
    return this.#sending.seal(bytes, id);
  }

  /**
   * The next packet of the other side.
   *
   * @throws {Failure} if it cannot be read.
   */
  async next(patienceMs: number = this.manner.patienceMs): Promise<Seen | Silence> {
    const head = await this.line.take(SIZE_BYTES, patienceMs);
    if (head === undefined) return this.line.ended ? "ended" : "late";
    const littleEndian = this.manner.byteOrder === "little";
    const size = new DataView(head.buffer, head.byteOffset).getUint32(0, littleEndian);
    if (size < MIN_PAYLOAD_BYTES || size > MAX_PAYLOAD_BYTES) {
      throw await this.#unreadable(head, undefined, `a packet of ${size} bytes`);
    }
    const payload = await this.line.take(size, patienceMs);
    if (payload === undefined) {
      throw await this.#unreadable(head, undefined, `a size of ${size} bytes, and fewer behind it`);
    }
    return await this.#open(head, payload);
  }

  /** The response to this request; its requests are answered meanwhile. */
  async response(req: number, patienceMs: number = this.manner.patienceMs): Promise<Response> {
    const seen = await this.responsePacket(req, patienceMs);
    if (typeof seen !== "string") return readResponse(seen);
    throw new Failure(`a response to request ${req}`, this.describe(seen));
  }

  /** As {@linkcode Player.response}, not looked into. */
  async responsePacket(
    req: number,
    patienceMs: number = this.manner.patienceMs,
  ): Promise<Seen | Silence> {
    const found = this.seen.find(({ packet }) => packet.kind === "response" && packet.req === req);
    if (found !== undefined) return found;
    const until = performance.now() + patienceMs;
    while (true) {
      const seen = await this.next(Math.max(0, until - performance.now()));
      if (typeof seen === "string") return seen;
      const { packet } = seen;
      if (packet.kind === "response" && packet.req === req) return seen;
      if (packet.kind === "request") this.#acknowledge(packet);
    }
  }

  /** Reads what is there, and answers requests, until nothing comes for a moment. */
  async settle(): Promise<void> {
    while (true) {
      const seen = await this.next(QUIET_MS);
      if (typeof seen === "string") return;
      if (seen.packet.kind === "request") this.#acknowledge(seen.packet);
    }
  }

  /**
   * Waits for the other side to close; whatever it still says is read and not answered.
   *
   * @param offence Number of the packet that it should not take, if it is a request.
   * @throws {Failure} if it does not close, or answers that request.
   */
  async expectEnd(because: string, offence?: number): Promise<void> {
    const expected = `the end of the connection, because ${because}`;
    const until = performance.now() + this.manner.patienceMs;
    while (true) {
      const seen = await this.next(Math.max(0, until - performance.now()));
      if (seen === "ended") return;
      if (seen === "late") throw new Failure(expected, this.describe(seen));
      const { packet } = seen;
      if (packet.kind === "response" && packet.req === offence) {
        throw new Failure(expected, describePacket(packet));
      }
    }
  }

  /** What became of the other side, where nothing came of it. */
  describe(silence: Silence): string {
    if (silence === "late") return `nothing for ${this.manner.patienceMs / 1000} s`;
    return `the end of the connection; ${this.describeEnd()}`;
  }

  /** Uses the keys of step 6 from now on. */
  protected useKeys(packetKey: Uint8Array, nonce: Uint8Array): void {
    this.#keys = { packetKey, nonce };
    this.#sending = this.#receiving = createPlainCipher(packetKey, nonce);
  }

  /** Uses other ciphers from now on. */
  protected useCiphers(sending: PacketCipher, receiving: PacketCipher): void {
    this.#sending = sending;
    this.#receiving = receiving;
  }

  #acknowledge(packet: Packet): void {
    if (this.#answered.has(packet.id)) return;
    this.#answered.add(packet.id);
    this.respond(packet.id, this.answer(packet));
  }

  async #open(head: Uint8Array, payload: Uint8Array): Promise<Seen> {
    let plaintext: Uint8Array;
    try {
      plaintext = (this.#receiving as PacketCipher).open(payload, this.#expected);
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      throw await this.#unreadable(head, payload, `packet ${this.#expected} does not decrypt`);
    }
    try {
      const packet = decodePacket(plaintext);
      const seen = { packet, plaintext };
      this.seen.push(seen);
      this.#expected = packet.id + 1;
      return seen;
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      throw new Malformed("a packet in one of the forms of section 6.1", error.message);
    }
  }

  /** Says what is wrong with the first packet, as far as that can be found out. */
  async #unreadable(
    head: Uint8Array,
    payload: Uint8Array | undefined,
    state: string,
  ): Promise<Failure> {
    const expected = "a size, a ciphertext and a tag that open under the key of step 6";
    if (this.seen.length > 0 || this.#keys === undefined) return new Failure(expected, state);
    await this.line.until(() => this.line.ended, QUIET_MS);
    const rest = payload ?? this.line.peek(256);
    const found = diagnoseFirstPacket({
      head,
      rest,
      ...this.#keys,
      byteOrder: this.manner.byteOrder,
    });
    return new Failure(expected, found?.seen ?? state, found?.advice);
  }
}

/** Reads a response. @throws {Failure} if it is none that the document has. */
export function readResponse({ packet }: Seen): Response {
  const expected = "a response of section 7";
  if (!RESPONSES.has(packet.name)) throw new Failure(expected, describePacket(packet));
  try {
    return RESPONSES.decode(packet.name, packet.argument);
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    throw new Failure(expected, error.message);
  }
}

/** A packet in a few words. */
export function describePacket(packet: Packet): string {
  const name = JSON.stringify(packet.name);
  if (packet.kind === "request") return `request ${packet.id}, ${name}`;
  return `response ${packet.id} to request ${packet.req}, ${name}`;
}

/** A response in a few words. */
export function describeResponse(response: Response): string {
  if (response.type !== "Error") return response.type;
  return `Error ${response.code}, ${JSON.stringify(response.message)}`;
}
