/**
 * A backend that is played step by step against a core.
 *
 * @module
 */

import type { CoreTrial } from "./core_trial.ts";
import type { BackendRun } from "./script.ts";
import type { Line } from "../line.ts";
import {
  describePacket,
  describeResponse,
  type Manner,
  QUIET_MS,
  readResponse,
  type Seen,
  Side,
  type SidePlay,
  type Silence,
} from "../side.ts";
import { Blocked, Failure, Malformed } from "../verdict.ts";
import type { MsgpackValue } from "../../../../lib/msgpack/mod.ts";
import { NetFault } from "../../../../lib/net/mod.ts";
import {
  API_MAJOR,
  API_MINOR,
  type ApiVersion,
  computePacketKey,
  CORE_REQUESTS,
  createSealed1Ciphers,
  KEY_BYTES,
  type KeyPair,
  makeKeyPair,
  NONCE_BYTES,
  type Packet,
  parseIdArgument,
  SEALED_1,
  TribaFault,
} from "../../../../lib/triba/mod.ts";

/** What the backend calls itself. */
const AGENT = "triba-check/1";

/** What differs in one run. */
export interface BackendPlay extends SidePlay {
  /** The public key as it is sent. */
  readonly alterKey?: ((key: Uint8Array) => void) | undefined;
  /** Says that it does not know ApiVersion. */
  readonly plain?: boolean | undefined;
}

/** The backend's side of one connection. */
export class BackendPlayer extends Side {
  /** The core's run. */
  readonly trial: CoreTrial;
  /** What the core started the backend with. */
  readonly run: BackendRun;
  /** What differs in this run. */
  readonly play: BackendPlay;
  /** The id. */
  readonly id: Uint8Array<ArrayBuffer>;
  /** What the core said in step 9; undefined if it left it out. */
  version: ApiVersion | undefined;
  /** Public key of the core. */
  coreKey: Uint8Array = new Uint8Array();
  /** The nonce of step 5. */
  nonce: Uint8Array = new Uint8Array();

  readonly #pair: KeyPair;
  readonly #publicKey: Uint8Array;
  #packetKey = new Uint8Array();

  /** Begins before step 1. */
  constructor(
    trial: CoreTrial,
    run: BackendRun,
    id: Uint8Array<ArrayBuffer>,
    line: Line,
    manner: Manner,
    play: BackendPlay,
  ) {
    super(line, manner, play.form ?? manner.form, play.firstId ?? 0);
    this.trial = trial;
    this.run = run;
    this.id = id;
    this.play = play;
    this.#pair = makeKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
    this.#publicKey = this.#pair.publicKey.slice();
    play.alterKey?.(this.#publicKey);
  }

  /** Waits for a start of the backend and connects: points H01 and H02. */
  static async connect(
    trial: CoreTrial,
    manner: Manner,
    play: BackendPlay,
    number = 1,
  ): Promise<BackendPlayer> {
    const run = await trial.run(number, manner.patienceMs);
    if (run === undefined) {
      const failure = new Failure("a start of the backend", `none; ${describeCore(trial)}`);
      throw new Blocked("H01", failure);
    }
    const [argument = ""] = run.args;
    let id: Uint8Array<ArrayBuffer>;
    try {
      id = parseIdArgument(argument);
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      const failure = new Failure("16 bytes in base64 as first argument", error.message);
      throw new Blocked("H01", failure);
    }
    const address = run.socket || run.args[1] || "";
    try {
      const line = await trial.connect(address);
      return new BackendPlayer(trial, run, id, line, manner, play);
    } catch (error) {
      if (!(error instanceof NetFault)) throw error;
      const expected = "a socket that takes connections, named by TRIBA_SOCKET";
      throw new Blocked("H02", new Failure(expected, error.message));
    }
  }

  /** One more connection of the same backend. */
  async reconnect(): Promise<Line> {
    return await this.trial.connect(this.run.socket || this.run.args[1] || "");
  }

  /** Steps 1 to 5: points H03 and H06. */
  async exchangeKeys(): Promise<void> {
    const { patienceMs } = this.manner;
    this.line.send(this.id);
    const key = await this.line.take(KEY_BYTES, patienceMs);
    if (key === undefined) {
      const seen = `${this.line.waiting} bytes; ${this.describeEnd()}`;
      throw new Blocked("H03", new Failure("the core's public key of 32 bytes", seen));
    }
    this.coreKey = key;
    this.#packetKey = computePacketKey(this.#pair.secretKey, key);
    this.line.send(this.#publicKey);
    const nonce = await this.line.take(NONCE_BYTES, patienceMs);
    if (nonce === undefined) {
      const seen = `${this.line.waiting} bytes; ${this.describeEnd()}`;
      throw new Blocked("H06", new Failure("the nonce of 12 bytes", seen));
    }
    this.nonce = nonce;
    this.useKeys(this.#packetKey, nonce);
  }

  /** Steps 7 and 8: point H07. */
  async upgrade(): Promise<void> {
    const expected = "the response Success to HandshakeUpgradeConnection";
    const id = this.request("HandshakeUpgradeConnection");
    try {
      const seen = await this.responsePacket(id);
      if (typeof seen === "string") throw new Failure(expected, this.describe(seen));
      const response = readResponse(seen);
      if (response.type !== "Success") throw new Failure(expected, describeResponse(response));
    } catch (error) {
      throw error instanceof Failure ? new Blocked("H07", error) : error;
    }
  }

  /** The core's next request; those of the handshake are not answered. */
  async nextRequest(): Promise<Seen | Silence> {
    while (true) {
      const seen = await this.next();
      if (typeof seen === "string" || seen.packet.kind === "request") return seen;
    }
  }

  /** Steps 9 to 11: point H10. */
  async awaitSuccess(): Promise<void> {
    const expected = "the request HandshakeSuccess";
    while (true) {
      const seen = await this.#nextOfHandshake(expected);
      const { packet } = seen;
      if (packet.name === "HandshakeSuccess") {
        this.respond(packet.id, "Success");
        return;
      }
      if (packet.name !== "ApiVersion" || this.version !== undefined || this.play.plain) {
        if (packet.name !== "ApiVersion") {
          throw new Blocked("H10", new Failure(expected, describePacket(packet)));
        }
        this.respond(packet.id, { Error: ["unknown_request", "Unknown request"] });
        continue;
      }
      this.answerVersion(packet);
    }
  }

  /** Step 9, answered with what the core lists of sealed-1 and nothing else. */
  answerVersion(packet: Packet): void {
    const body = CORE_REQUESTS.decode(packet.name, packet.argument);
    if (body.type !== "ApiVersion") throw new TypeError("Cannot answer: no ApiVersion");
    this.version = body;
    const { secret } = this.run;
    const sealed = secret !== undefined && body.features.includes(SEALED_1);
    const features = sealed ? [SEALED_1] : [];
    this.respond(packet.id, { ApiVersion: [API_MAJOR, API_MINOR, AGENT, features] });
    if (sealed) this.#seal(secret);
  }

  /** All steps, to the open session. */
  async open(): Promise<this> {
    await this.exchangeKeys();
    await this.upgrade();
    await this.awaitSuccess();
    return this;
  }

  /** Waits for the core to close, and to go on without this backend. */
  override async expectEnd(because: string, offence?: number): Promise<void> {
    await super.expectEnd(because, offence);
    await this.expectCore();
  }

  /** A fault of a backend must not end the core, neither at once nor a moment later. */
  async expectCore(): Promise<void> {
    if (await this.trial.exit(QUIET_MS) === undefined) return;
    throw new Failure("a core that goes on without this backend", describeCore(this.trial));
  }

  /** Whether the core has told its version. */
  override get knowsVersion(): boolean {
    return this.version !== undefined;
  }

  /** Whether the core runs, how it ended, and what it wrote last. */
  override describeEnd(): string {
    return describeCore(this.trial);
  }

  /** A backend without a network answers what it must. */
  protected override answer({ name }: Packet): MsgpackValue {
    switch (name) {
      case "Ping":
      case "Shutdown":
      case "Cancel":
      case "Login":
        return "Success";
      case "ListRooms":
        return { Rooms: [] };
      default:
        return { Error: ["unavailable", "There is no network behind this backend"] };
    }
  }

  async #nextOfHandshake(expected: string): Promise<Seen> {
    try {
      const seen = await this.nextRequest();
      if (typeof seen !== "string") return seen;
      throw new Failure(expected, this.describe(seen));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Blocked(error instanceof Malformed ? "H07" : "H10", error);
    }
  }

  #seal(spawnSecret: Uint8Array): void {
    const { coreToBackend, backendToCore } = createSealed1Ciphers({
      packetKey: this.#packetKey,
      spawnSecret,
      id: this.id,
      nonce: this.nonce,
      coreKey: this.coreKey,
      backendKey: this.#publicKey,
    });
    this.useCiphers(backendToCore, coreToBackend);
  }
}

/** Whether the core runs, how it ended, and what it wrote last. */
export function describeCore({ status, process }: CoreTrial): string {
  const last = process.lastLines.at(-1);
  const state = status === undefined
    ? "the core runs"
    : status.code === undefined
    ? `the core was ended by ${status.signal}`
    : `the core exited with ${status.code}`;
  return last === undefined ? state : `${state}, its last line is ${JSON.stringify(last)}`;
}
