/**
 * A core: many backends over one listener.
 *
 * @module
 */

import { CallFault } from "../call_fault.ts";
import { Admissions } from "./admissions.ts";
import type { BackendSpec, BackendStatus, CoreControl, CoreNotice } from "./control.ts";
import { RESTART_RULES, type RestartRules } from "./restart.ts";
import { type CoreSocket, type CoreSocketOptions, openCoreSocket } from "./socket.ts";
import { checkSpecs, isSameSpec } from "./specs.ts";
import { Supervisor, type SupervisorHost } from "./supervisor.ts";
import type { CoreTrace } from "./trace.ts";
import { Watchdog } from "./watchdog.ts";
import type { Timeouts } from "../constants.ts";
import { type Logger, SILENT } from "../../log/mod.ts";
import { checkCoreSettings } from "../session/core_handshake.ts";
import type { CoreCall } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";

/** What a core is made of. */
export interface CoreOptions {
  /** What it calls itself, `NAME/VERSION`, at most 64 bytes. */
  readonly agent: string;
  /** Folder with one folder for each backend, where it may keep a login; made if need be. */
  readonly stateFolder: string;
  /** The environment of which section 3.3 lists what backends get. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the socket is made. */
  readonly socket?: CoreSocketOptions | undefined;
  /** What concerns no single backend: connections without an id, lack of descriptors. */
  readonly log?: Logger | undefined;
  /** Time-outs that differ from those of the document. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** When backends are started again, if not as the document says. */
  readonly restartRules?: RestartRules | undefined;
  /** Returns that many random bytes. */
  readonly random?: ((length: number) => Uint8Array) | undefined;
  /** Numbers from 0 up to 1, for the jitter of delays. */
  readonly jitter?: (() => number) | undefined;
  /** Told of every byte and key. */
  readonly trace?: CoreTrace | undefined;
}

/** What became of a configuration, by the names of backends. */
export interface Applied {
  /** New ones. */
  readonly started: readonly string[];
  /** Those that are no longer in it. */
  readonly removed: readonly string[];
  /** Those that are configured otherwise. */
  readonly restarted: readonly string[];
  /** All others; they go on running. */
  readonly kept: readonly string[];
}

/** A running core. */
export class Core implements CoreControl, AsyncDisposable {
  readonly #options: CoreOptions;
  readonly #socket: CoreSocket;
  readonly #admissions: Admissions;
  readonly #watchdog: Watchdog;
  readonly #listeners = new Set<(notice: CoreNotice) => void>();
  readonly #host: SupervisorHost;
  readonly #serving: Promise<void>;
  #backends = new Map<string, Supervisor>();
  #applying: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: CoreOptions, socket: CoreSocket) {
    this.#options = options;
    this.#socket = socket;
    const log = options.log ?? SILENT;
    const random = options.random ??
      ((length: number) => crypto.getRandomValues(new Uint8Array(length)));
    this.#admissions = new Admissions({ ...options, log, random });
    this.#watchdog = new Watchdog({
      path: options.environment["PATH"],
      socket: socket.path,
      warn: (text) => log.warn(text),
    });
    this.#host = {
      agent: options.agent,
      socket: socket.path,
      stateFolders: options.stateFolder,
      inherited: options.environment,
      random,
      timeouts: options.timeouts,
      jitter: options.jitter ?? Math.random,
      restartRules: options.restartRules ?? RESTART_RULES,
      expect: (id, run, expiresAt) => this.#admissions.expect(id, run, expiresAt),
      opened: (run) => this.#admissions.opened(run),
      watch: (pid) => this.#watchdog.watch(pid),
      notify: (notice) => this.#notify(notice),
    };
    this.#serving = socket.listener.serve(
      ({ stream }) => this.#admissions.accept(stream),
      () => log.warn("Cannot accept connections: out of file descriptors"),
    );
  }

  /**
   * Listens; backends are started by {@linkcode Core.apply}.
   *
   * @throws {FileFault} or {NetFault} if there is no place for the socket.
   */
  static async open(options: CoreOptions): Promise<Core> {
    checkCoreSettings({ agent: options.agent });
    return new Core(options, await openCoreSocket(options.socket));
  }

  /** Path of the socket. */
  get socketPath(): string {
    return this.#socket.path;
  }

  /** All backends, in the order of the configuration. */
  backends(): readonly BackendStatus[] {
    return Array.from(this.#backends.values(), ({ status }) => status);
  }

  /**
   * Makes these the backends: starts what is new, stops what is not among them, starts anew what is
   * configured otherwise, and leaves the rest alone. Resolves when what had to end has ended.
   *
   * @throws {RangeError} for what cannot be a configuration; nothing has changed then.
   */
  async apply(specs: readonly BackendSpec[]): Promise<Applied> {
    checkSpecs(specs, this.#options.agent);
    this.#checkOpen();
    // One after the other: a name that comes back must not run beside its former self.
    const applied = this.#applying.then(() => this.#apply(specs));
    this.#applying = applied.catch(() => {}); // told to whoever asked for it
    return await applied;
  }

  /** Sends a request to a backend; an aborted signal cancels it. */
  async request(backend: string, request: CoreCall, signal?: AbortSignal): Promise<Answer> {
    return await this.#find(backend).connection.call(request, signal);
  }

  /** Stops a backend if it runs and starts it again at once. */
  async restart(backend: string): Promise<void> {
    this.#checkOpen();
    await this.#find(backend).restart();
  }

  /** Stops a backend until somebody restarts it. */
  async stop(backend: string): Promise<void> {
    await this.#find(backend).stop();
  }

  /** Calls the function for everything that happens from now on; the result ends that. */
  subscribe(notify: (notice: CoreNotice) => void): () => void {
    const own = (notice: CoreNotice) => notify(notice); // the same function may listen twice
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Stops all backends, and removes the socket. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@linkcode Core.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#backends.values(), (backend) => backend.stop()));
    await this.#applying;
    this.#socket.close();
    await this.#serving;
    await this.#admissions.close();
    await this.#watchdog.close();
  }

  async #apply(specs: readonly BackendSpec[]): Promise<Applied> {
    this.#checkOpen();
    const before = this.#backends;
    const applied = { started: [], removed: [], restarted: [], kept: [] } as Record<
      keyof Applied,
      string[]
    >;
    const work: Promise<void>[] = [];
    this.#backends = new Map(specs.map((spec) => {
      const known = before.get(spec.name);
      const supervisor = known ?? new Supervisor(spec, this.#host);
      const fate = known === undefined
        ? "started"
        : isSameSpec(known.spec, spec)
        ? "kept"
        : "restarted";
      applied[fate].push(spec.name);
      if (fate !== "kept") work.push(supervisor.restart(spec));
      return [spec.name, supervisor];
    }));
    for (const [name, supervisor] of before) {
      if (this.#backends.has(name)) continue;
      applied.removed.push(name);
      work.push(supervisor.stop().then(() => this.#notify({ type: "removed", backend: name })));
    }
    await Promise.all(work);
    return applied;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new CallFault("unavailable", "The core is closing");
  }

  #find(name: string): Supervisor {
    const backend = this.#backends.get(name);
    if (backend === undefined) throw new CallFault("not_found", `No backend "${name}"`);
    return backend;
  }

  /** A listener that throws is a mistake of the program, and no reason to end a session. */
  #notify(notice: CoreNotice): void {
    for (const listener of this.#listeners) {
      try {
        listener(notice);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
