/**
 * A core that is played step by step, with every byte in our hands. It reads leniently, so that one
 * thing that is wrong with a backend shows at the point for it and at no other.
 *
 * @module
 */

import { diagnoseFirstPacket } from "./diagnosis.ts";
import type { Line } from "./line.ts";
import type { Launch, Trial } from "./trial.ts";
import { Blocked, Failure } from "./verdict.ts";
import type { MsgpackValue } from "../../../lib/msgpack/mod.ts";
import {
  API_MAJOR,
  API_MINOR,
  type ByteOrder,
  computePacketKey,
  createPlainCipher,
  createSealed1Ciphers,
  decodePacket,
  encodeFrame,
  encodeRequest,
  encodeResponse,
  ID_BYTES,
  KEY_BYTES,
  type KeyPair,
  makeKeyPair,
  MAX_PAYLOAD_BYTES,
  MIN_PAYLOAD_BYTES,
  NONCE_BYTES,
  type Packet,
  type PacketCipher,
  type PacketForm,
  type Response,
  RESPONSES,
  SEALED_1,
  SIZE_BYTES,
  TribaFault,
} from "../../../lib/triba/mod.ts";

/** What the core calls itself. */
const AGENT = "triba-check/1";
/** How long to listen for what should not come, in milliseconds. */
export const QUIET_MS = 100;

/** How to talk to the backend. */
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

/** What differs in one run. */
export interface Play extends Launch {
  /** How packets are written. */
  readonly form?: PacketForm | undefined;
  /** Number of the core's first packet. */
  readonly firstId?: number | undefined;
  /** Whether step 9 is done. */
  readonly handshake?: "versioned" | "plain" | undefined;
  /** The argument of ApiVersion, if another one. */
  readonly version?: MsgpackValue | undefined;
  /** Features that step 9 lists besides sealed-1. */
  readonly features?: readonly string[] | undefined;
  /** The core's public key as it is sent: for the top bit, which does not count. */
  readonly alterKey?: ((key: Uint8Array) => void) | undefined;
  /** The secret that the core uses, if not the one that it gave. */
  readonly usedSecret?: Uint8Array | undefined;
}

/** A packet of the backend. */
export interface Seen {
  /** What it says. */
  readonly packet: Packet;
  /** Its MessagePack. */
  readonly plaintext: Uint8Array;
}

/** What came instead of a packet. */
export type Silence = "ended" | "late";

/** The core's side of one connection. */
export class Player {
  /** The backend's run. */
  readonly trial: Trial;
  /** The connection. */
  readonly line: Line;
  /** How to talk. */
  readonly manner: Manner;
  /** What differs in this run. */
  readonly play: Play;
  /** All packets that came. */
  readonly seen: Seen[] = [];
  /** How packets are written from now on. */
  form: PacketForm;
  /** Number of the next packet sent. */
  nextId: number;
  /** The backend's answer in step 9; undefined if there was none. */
  version: Extract<Response, { type: "ApiVersion" }> | undefined;
  /** Public key of the backend. */
  backendKey: Uint8Array = new Uint8Array();

  readonly #pair: KeyPair;
  readonly #coreKey: Uint8Array;
  readonly #nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  #packetKey = new Uint8Array();
  #sending: PacketCipher | undefined;
  #receiving: PacketCipher | undefined;
  #expected = 0;
  /** Requests of the backend that have their answer. */
  readonly #answered = new Set<number>();

  /** Begins after step 1. */
  constructor(trial: Trial, line: Line, manner: Manner, play: Play) {
    this.trial = trial;
    this.line = line;
    this.manner = manner;
    this.play = play;
    this.form = play.form ?? manner.form;
    this.nextId = play.firstId ?? 0;
    this.#pair = makeKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
    this.#coreKey = this.#pair.publicKey.slice();
    play.alterKey?.(this.#coreKey);
  }

  /** Waits for the connection and the id: point H01. */
  static async connect(trial: Trial, manner: Manner, play: Play): Promise<Player> {
    const { patienceMs } = manner;
    const expected = "a connection to the core's socket, and the 16 bytes of the id on it";
    const line = await trial.line(1, patienceMs);
    if (line === undefined) {
      const end = describeEnd(trial);
      throw new Blocked("H01", new Failure(expected, `no connection; ${end}`));
    }
    const id = await line.take(ID_BYTES, patienceMs);
    const seen = id === undefined
      ? `${line.waiting} bytes; ${describeEnd(trial)}`
      : id.every((byte, i) => byte === trial.id[i])
      ? undefined
      : "16 other bytes: the argument is base64, the bytes are what it decodes to";
    if (seen !== undefined) throw new Blocked("H01", new Failure(expected, seen));
    return new Player(trial, line, manner, play);
  }

  /** Steps 3 to 5: point H03. */
  async exchangeKeys(): Promise<void> {
    this.line.send(this.#coreKey);
    const key = await this.line.take(KEY_BYTES, this.manner.patienceMs);
    if (key === undefined) {
      const seen = `${this.line.waiting} bytes; ${this.describeEnd()}`;
      throw new Blocked("H03", new Failure("a public key of 32 bytes", seen));
    }
    this.backendKey = key;
    try {
      this.#packetKey = computePacketKey(this.#pair.secretKey, key);
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      throw new Blocked("H03", new Failure("a usable public key", "a key of low order"));
    }
    this.#sending = this.#receiving = createPlainCipher(this.#packetKey, this.#nonce);
    this.line.send(this.#nonce);
  }

  /** Step 7: points H05 and H06. */
  async readUpgrade(): Promise<Seen> {
    const expected = "the request HandshakeUpgradeConnection";
    let seen: Seen | Silence;
    try {
      seen = await this.next();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Blocked("H05", error);
    }
    if (typeof seen === "string") {
      throw new Blocked("H05", new Failure("a first packet", this.describe(seen)));
    }
    const { packet } = seen;
    if (packet.kind === "request" && packet.name === "HandshakeUpgradeConnection") return seen;
    throw new Blocked("H06", new Failure(expected, describePacket(packet)));
  }

  /** Steps 1 to 8. */
  async upgrade(): Promise<void> {
    await this.exchangeKeys();
    const { packet } = await this.readUpgrade();
    this.respond(packet.id, "Success");
  }

  /** Step 9, if it is to be done; false if the backend does not know it. */
  async exchangeVersions(): Promise<boolean> {
    const { handshake = this.manner.handshake, secret, features = [] } = this.play;
    if (handshake === "plain") return false;
    const offered = secret === undefined ? [...features] : [...features, SEALED_1];
    const id = this.request({
      ApiVersion: this.play.version ?? [API_MAJOR, API_MINOR, AGENT, offered],
    });
    const response = await this.response(id);
    if (response.type === "Error" && response.code === "unknown_request") return false;
    if (response.type !== "ApiVersion") {
      const state = `the response ${describeResponse(response)}`;
      throw new Failure("the response ApiVersion, or Error unknown_request", state);
    }
    this.version = response;
    if (response.features.includes(SEALED_1) && secret !== undefined) this.#seal(secret);
    return true;
  }

  /** Steps 10 and 11: point H10. */
  async confirm(): Promise<void> {
    const id = this.request("HandshakeSuccess");
    const expected = "the response Success to HandshakeSuccess";
    try {
      const response = await this.response(id);
      if (response.type === "Success") return;
      throw new Failure(expected, `the response ${describeResponse(response)}`);
    } catch (error) {
      if (error instanceof Failure) throw new Blocked("H10", error);
      throw error;
    }
  }

  /** All steps, to the open session. */
  async open(): Promise<this> {
    await this.upgrade();
    try {
      await this.exchangeVersions();
    } catch (error) {
      if (error instanceof Failure) throw new Blocked("H09", error);
      throw error;
    }
    await this.confirm();
    return this;
  }

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
   * The next packet of the backend.
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

  /** The response to this request; requests of the backend are answered meanwhile. */
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
      if (packet.kind === "request") this.#acknowledge(packet.id);
    }
  }

  /** Reads what is there, and answers requests, until nothing comes for a moment. */
  async settle(): Promise<void> {
    while (true) {
      const seen = await this.next(QUIET_MS);
      if (typeof seen === "string") return;
      if (seen.packet.kind === "request") this.#acknowledge(seen.packet.id);
    }
  }

  /**
   * Waits for the backend to close; whatever it still says is read and not answered.
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

  /** What became of the backend, where nothing came of it. */
  describe(silence: Silence): string {
    if (silence === "late") return `nothing for ${this.manner.patienceMs / 1000} s`;
    return `the end of the connection; ${this.describeEnd()}`;
  }

  /** Whether it runs, and what it wrote last. */
  describeEnd(): string {
    return describeEnd(this.trial);
  }

  #acknowledge(id: number): void {
    if (this.#answered.has(id)) return;
    this.#answered.add(id);
    this.respond(id, "Success");
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
      throw new Failure("a packet in one of the forms of section 6.1", error.message);
    }
  }

  /** Says what is wrong with the first packet, as far as that can be found out. */
  async #unreadable(
    head: Uint8Array,
    payload: Uint8Array | undefined,
    state: string,
  ): Promise<Failure> {
    const expected = "a size, a ciphertext and a tag that open under the key of step 6";
    if (this.seen.length > 0) return new Failure(expected, state);
    await this.line.until(() => this.line.ended, QUIET_MS);
    const rest = payload ?? this.line.peek(256);
    const found = diagnoseFirstPacket({
      head,
      rest,
      packetKey: this.#packetKey,
      nonce: this.#nonce,
      byteOrder: this.manner.byteOrder,
    });
    return new Failure(expected, found?.seen ?? state, found?.advice);
  }

  #seal(given: Uint8Array): void {
    const { coreToBackend, backendToCore } = createSealed1Ciphers({
      packetKey: this.#packetKey,
      spawnSecret: this.play.usedSecret ?? given,
      id: this.trial.id,
      nonce: this.#nonce,
      coreKey: this.#coreKey,
      backendKey: this.backendKey,
    });
    this.#sending = coreToBackend;
    this.#receiving = backendToCore;
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

/** Whether the backend runs, how it ended, and what it wrote last. */
export function describeEnd(trial: Trial): string {
  const { status } = trial;
  const last = trial.process.lastLines.at(-1);
  const state = status === undefined
    ? "the process runs"
    : status.code === undefined
    ? `the process was ended by ${status.signal}`
    : `the process exited with ${status.code}`;
  return last === undefined ? state : `${state}, its last line is ${JSON.stringify(last)}`;
}
