/**
 * One run of a backend: from the spawn to the end of its process and its connection (sections 3, 8
 * and 9.1).
 *
 * @module
 */

import { type BackendProcess, type ExitStatus, spawnBackend } from "./child.ts";
import type { BackendConnection, ConnectionListener } from "./connection.ts";
import type { BackendSpec, BackendState } from "./control.ts";
import type { LogLine } from "./log_lines.ts";
import { describeEnd, type RunResult } from "./run_result.ts";
import { wipe } from "../../bytes/mod.ts";
import { SPAWN_SECRET_BYTES, TIMEOUTS, type Timeouts } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { FileFault } from "../../files/mod.ts";
import { makeId } from "../id.ts";
import { CommandFault } from "../../process/mod.ts";
import type { CoreSettings } from "../session/core_handshake.ts";

/** A backend whose stream ended has so long to exit by itself before it gets SIGTERM. */
export const EXIT_GRACE_MS = 1_000;

/** What a run needs of its core. */
export interface RunHost extends Omit<ConnectionListener, "changed"> {
  /** What the core calls itself. */
  readonly agent: string;
  /** Path of the socket. */
  readonly socket: string;
  /** The backend's own folder. */
  readonly stateFolder: string;
  /** What of the core's environment may be passed on. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Returns that many random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Time-outs that differ from those of the document. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Begins to wait for a connection with this id; the result ends that. */
  expect(id: Uint8Array, run: BackendRun, expiresAt: number): () => void;
  /** Begins to watch over a process, for when the core dies; the result ends that. */
  watch(pid: number): () => void;
  /** The backend wrote a line. */
  wrote(line: LogLine): void;
  /** State or process id are others than before. */
  changed(): void;
}

/** One run; call {@linkcode BackendRun.run} once. */
export class BackendRun {
  readonly #spec: BackendSpec;
  readonly #host: RunHost;
  readonly #secret: Uint8Array | undefined;
  readonly #timeouts: Timeouts;
  #child: BackendProcess | undefined;
  #connection: BackendConnection | undefined;
  #connectionOver = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #fault: Error | undefined;
  #requested = false;
  #idExpired = false;
  #exited = false;

  /** Begins nothing yet. */
  constructor(spec: BackendSpec, host: RunHost) {
    this.#spec = spec;
    this.#host = host;
    this.#timeouts = { ...TIMEOUTS, ...host.timeouts };
    this.#secret = spec.seal === "require" ? host.random(SPAWN_SECRET_BYTES).slice() : undefined;
  }

  /** Name of the backend. */
  get name(): string {
    return this.#spec.name;
  }

  /** Process id, once there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Its connection, once it has shown its id. */
  get connection(): BackendConnection | undefined {
    return this.#connection;
  }

  /** The last lines that it wrote. */
  get lastLines(): readonly string[] {
    return this.#child?.lastLines ?? [];
  }

  /** Where it stands. */
  get state(): BackendState {
    const state = this.#connection?.state as BackendState | undefined;
    if (state === undefined) return this.#requested ? "closing" : "spawned";
    return state === "open" && this.#requested ? "closing" : state;
  }

  /** How to talk to it. */
  get settings(): CoreSettings {
    const { byteOrder, form, handshake, firstId } = this.#spec;
    const { agent } = this.#host;
    return { agent, byteOrder, form, handshake, firstId, spawnSecret: this.#secret };
  }

  /** Starts the backend and sees it to its end. */
  async run(): Promise<RunResult> {
    const id = makeId(this.#host.random);
    const { connectMs } = this.#spec;
    const forget = this.#host.expect(id, this, performance.now() + connectMs);
    let status: ExitStatus | undefined;
    try {
      const child = await this.#spawn(id);
      if (child !== undefined) status = await this.#seeThrough(child, connectMs);
    } finally {
      forget();
      clearTimeout(this.#timer);
      wipe(...(this.#secret === undefined ? [] : [this.#secret]));
    }
    return this.#result(status);
  }

  /** Its id was shown, by the first connection in time; `over` resolves with what ended that. */
  admit(connection: BackendConnection, over: Promise<TribaFault | undefined>): void {
    this.#connection = connection;
    clearTimeout(this.#timer);
    connection.listener = {
      changed: () => this.#host.changed(),
      opened: (agreement) => this.#host.opened(agreement),
      requested: (body) => this.#host.requested(body),
      logged: (level, message) => this.#host.logged(level, message),
    };
    over.then((fault) => this.#endConnection(fault), (error) => this.#endConnection(error));
  }

  /** F03: its id was shown twice before the session was open. */
  collide(fault: TribaFault): void {
    this.#fault ??= fault;
    this.#host.logged("error", fault.message);
    this.#connection?.abort(fault);
    this.#kill();
  }

  /** F02: its id was shown after it had expired. */
  expire(): void {
    this.#idExpired = true;
  }

  /** Ends it as section 9.1 says: by `Shutdown` if it knows that, by signals if it does not end. */
  stop(): void {
    if (this.#requested) return;
    this.#requested = true;
    const connection = this.#connection;
    if (connection === undefined || connection.agreement === undefined) {
      connection?.shutdown();
      return this.#kill();
    }
    connection.shutdown();
    if (connection.agreement.major === 0) this.#kill(); // it knows of no Shutdown
    else this.#killAfter(this.#timeouts.shutdownMs);
    this.#host.changed();
  }

  async #spawn(id: Uint8Array): Promise<BackendProcess | undefined> {
    const { socket, stateFolder, inherited, wrote } = this.#host;
    try {
      return this.#child = await spawnBackend({
        spec: this.#spec,
        id,
        socket,
        stateFolder,
        inherited,
        spawnSecret: this.#secret,
        onLine: (line) => wrote(line),
      });
    } catch (error) {
      if (!(error instanceof CommandFault || error instanceof FileFault)) throw error;
      this.#fault = error;
      return undefined;
    }
  }

  async #seeThrough(child: BackendProcess, connectMs: number): Promise<ExitStatus> {
    const unwatch = this.#host.watch(child.pid);
    this.#host.changed();
    if (this.#requested) this.#kill();
    else if (this.#connection === undefined) {
      this.#timer = setTimeout(() => this.#giveUpWaiting(connectMs), connectMs);
    }
    await child.exited;
    this.#exited = true;
    clearTimeout(this.#timer);
    const status = await child.ended;
    unwatch();
    await this.#outlastConnection();
    return status;
  }

  /** Its exit ends the stream, unless one of its children has that too and could not be killed. */
  async #outlastConnection(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    const fault = new TribaFault("lost", "Stream did not end with the process");
    const timer = setTimeout(() => connection.abort(fault), EXIT_GRACE_MS);
    await this.#connectionOver.promise;
    clearTimeout(timer);
  }

  #giveUpWaiting(connectMs: number): void {
    this.#idExpired = true;
    this.#fault = new TribaFault("timeout", `It did not connect within ${connectMs} ms`);
    this.#kill();
  }

  #endConnection(fault: Error | undefined): void {
    this.#fault ??= fault;
    this.#connectionOver.resolve();
    // The exit code says more than a signal would: it has a moment to give one.
    if (!this.#exited && !this.#requested) this.#killAfter(EXIT_GRACE_MS);
    this.#host.changed();
  }

  #killAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#kill(), ms);
  }

  #kill(): void {
    clearTimeout(this.#timer);
    this.#child?.stop();
    this.#host.changed();
  }

  #result(status: ExitStatus | undefined): RunResult {
    const fault = this.#fault;
    const requested = this.#requested;
    return {
      end: {
        exitCode: status?.code,
        requested,
        idExpired: this.#idExpired,
        versionDiffers: fault instanceof TribaFault && fault.code === "version",
      },
      status,
      reason: describeEnd(requested ? undefined : fault, status, this.#connection !== undefined),
      lastLines: this.lastLines,
      isFinal: fault instanceof FileFault && fault.code === "changed",
    };
  }
}
