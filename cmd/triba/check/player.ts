/**
 * A core that is played step by step against a backend.
 *
 * @module
 */

import type { Line } from "./line.ts";
import {
  describePacket,
  describeResponse,
  type Manner,
  type Seen,
  Side,
  type SidePlay,
  type Silence,
} from "./side.ts";
import type { Launch, Trial } from "./trial.ts";
import { Blocked, Failure, Malformed } from "./verdict.ts";
import type { MsgpackValue } from "../../../lib/msgpack/mod.ts";
import {
  API_MAJOR,
  API_MINOR,
  computePacketKey,
  createSealed1Ciphers,
  ID_BYTES,
  KEY_BYTES,
  type KeyPair,
  makeKeyPair,
  NONCE_BYTES,
  type Response,
  SEALED_1,
  TribaFault,
} from "../../../lib/triba/mod.ts";

/** What the core calls itself. */
const AGENT = "triba-check/1";

/** What differs in one run. */
export interface Play extends Launch, SidePlay {
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

/** The core's side of one connection. */
export class Player extends Side {
  /** The backend's run. */
  readonly trial: Trial;
  /** What differs in this run. */
  readonly play: Play;
  /** The backend's answer in step 9; undefined if there was none. */
  version: Extract<Response, { type: "ApiVersion" }> | undefined;
  /** Public key of the backend. */
  backendKey: Uint8Array = new Uint8Array();

  readonly #pair: KeyPair;
  readonly #coreKey: Uint8Array;
  readonly #nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  #packetKey = new Uint8Array();

  /** Begins after step 1. */
  constructor(trial: Trial, line: Line, manner: Manner, play: Play) {
    super(line, manner, play.form ?? manner.form, play.firstId ?? 0);
    this.trial = trial;
    this.play = play;
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
    this.useKeys(this.#packetKey, this.#nonce);
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
      throw new Blocked(error instanceof Malformed ? "H06" : "H05", error);
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

  /** Whether the backend has told its version. */
  override get knowsVersion(): boolean {
    return this.version !== undefined;
  }

  /** Whether the backend runs, how it ended, and what it wrote last. */
  override describeEnd(): string {
    return describeEnd(this.trial);
  }

  /** A core acknowledges whatever a backend tells. */
  protected override answer(): MsgpackValue {
    return "Success";
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
    this.useCiphers(coreToBackend, backendToCore);
  }
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
