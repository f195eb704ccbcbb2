/**
 * Loads, listens, reloads.
 *
 * @module
 */

import {
  aborted,
  announceReady,
  Console,
  EXIT,
  ExitFault,
  type Interrupts,
  listenForReload,
  listenForSignals,
  writeLogLine,
} from "../../lib/cli/mod.ts";
import {
  CofferFault,
  CofferServer,
  formatId,
  PROTOCOL,
  ReplyDesk,
  type ServerEvent,
} from "../../lib/coffer/mod.ts";
import { parseRustLog } from "../../lib/coffer/arguments.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import { toExitFault } from "../../lib/coffer/program.ts";
import { FileFault } from "../../lib/files/mod.ts";
import { createLogger, type Logger } from "../../lib/log/mod.ts";
import { Registry } from "../../lib/metrics/mod.ts";
import {
  connectionsLeft,
  Gate,
  type HostPort,
  type Listening,
  listenTcp,
  listenUnix,
  NetFault,
  notifyManager,
} from "../../lib/net/mod.ts";
import type { Address } from "./args.ts";
import { AuditedDesk, AuditLog, auditRefusal, formatPeer } from "./audit.ts";
import {
  describeLoaded,
  findSources,
  load,
  type Loaded,
  removeSources,
  type ServerOptions,
  type SourcePaths,
} from "./load.ts";

const DEFAULT_MAX_CONNECTIONS = 10_000;

/** Runs until SIGINT or SIGTERM; with `--check` until everything has been read. */
export async function serve(options: ServerOptions): Promise<number> {
  const level = options.logLevel ?? parseRustLog(Deno.env.get("RUST_LOG") ?? "") ?? "info";
  const log = createLogger({
    format: options.log,
    level,
    write: writeLogLine,
  });
  try {
    const paths = findSources(options, Deno.env.get("CREDENTIALS_DIRECTORY"));
    if (options.check) return await check(paths, options, log);
    using interrupts = listenForSignals(["SIGINT", "SIGTERM"]);
    using service = await Service.start(paths, { ...options, logLevel: level }, log);
    return await service.run(interrupts);
  } catch (error) {
    throw toExitFault(error);
  }
}

async function check(paths: SourcePaths, options: ServerOptions, log: Logger): Promise<number> {
  const loaded = await load(paths, options, log);
  const console = new Console({ quiet: false, json: options.log === "json" });
  const facts = { ...describeLoaded(loaded), mode: describeMode(options) };
  const text = Object.entries(facts)
    .filter(([, fact]) => fact !== undefined)
    .map(([name, fact]) => `${name}=${fact}`);
  console.result(`ok ${text.join(" ")}`, { result: "ok", ...facts });
  return EXIT.done;
}

function describeMode(options: ServerOptions): string {
  return options.requireAuthenticated ? "authenticated-only" : "plain-and-authenticated";
}

/** A server that runs. */
class Service implements Disposable {
  readonly #paths: SourcePaths;
  readonly #options: ServerOptions;
  readonly #log: Logger;
  readonly #notifySocket = Deno.env.get("NOTIFY_SOCKET");
  readonly #audit: AuditLog | undefined;
  readonly #reload: Disposable;
  #loaded: Loaded;
  #desk: ReplyDesk;
  #reloading: Promise<void> = Promise.resolve();

  static async start(
    paths: SourcePaths,
    options: ServerOptions,
    log: Logger,
  ): Promise<Service> {
    const loaded = await load(paths, options, log);
    return new Service(paths, options, log, loaded);
  }

  private constructor(paths: SourcePaths, options: ServerOptions, log: Logger, loaded: Loaded) {
    this.#paths = paths;
    this.#options = options;
    this.#log = log;
    this.#loaded = loaded;
    this.#desk = new ReplyDesk(loaded.definition, {
      server: loaded.server,
      x25519: x25519Node,
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      clock: () => Math.floor(Date.now() / 1000),
      requireAuthenticated: options.requireAuthenticated,
      keep: !options.freshReplies,
    });
    this.#audit = options.auditLog === undefined ? undefined : new AuditLog(options.auditLog, log);
    this.#reload = listenForReload(() => this.reload());
  }

  async run(interrupts: Interrupts): Promise<number> {
    const options = this.#options;
    const gate = this.#gate();
    const server = new CofferServer({
      framings: options.protocol,
      timeoutMs: options.sessionTimeout,
      deskFor: (peer) =>
        this.#audit === undefined ? this.#desk : new AuditedDesk(this.#desk, this.#audit, peer),
      onEvent: (event, peer) => this.#report(event, peer),
    });
    const listening = await listen(options.address);
    const running = gate.serve(listening, server.port);
    if (options.deleteAfterLoad) await removeSources(this.#paths, this.#log);
    this.#log.info("loaded", { ...describeLoaded(this.#loaded), mode: describeMode(options) });
    const place = "path" in options.address ? options.address : listening.local;
    announceReady(this.#log, options.log, [{ protocol: PROTOCOL, ...place }]);
    await this.#notify(`READY=1\nSTATUS=${this.#status()}`);
    this.#dropPermissions();
    await Promise.race([aborted(interrupts.signal), running]);
    await this.#reloading;
    await gate.close();
    await running;
    this.#log.info("stopped");
    return EXIT.done;
  }

  /** Reads both files again, one reload after the other; never throws. */
  reload(): void {
    this.#reloading = this.#reloading.then(() => this.#reloadOnce());
  }

  async #reloadOnce(): Promise<void> {
    await this.#notify("RELOADING=1");
    this.#audit?.reopen();
    try {
      const loaded = await load(this.#paths, this.#options, this.#log, this.#loaded);
      const { desk, changes } = this.#desk.reload(loaded.definition, loaded.server);
      this.#loaded = loaded;
      this.#desk = desk;
      if (this.#options.deleteAfterLoad) await removeSources(this.#paths, this.#log);
      const { added, changed, removed } = changes;
      const ids = (keys: readonly Uint8Array[]) => keys.length > 0 ? keys.map(formatId) : undefined;
      this.#log.info(`reloaded: +${added.length} ~${changed.length} -${removed.length}`, {
        added: ids(added),
        changed: ids(changed),
        removed: ids(removed),
      });
    } catch (error) {
      this.#logFailedReload(error);
    }
    await this.#notify(`READY=1\nSTATUS=${this.#status()}`);
  }

  #logFailedReload(error: unknown): void {
    const expected = error instanceof CofferFault || error instanceof FileFault;
    const text = expected || !(error instanceof Error)
      ? String(error instanceof Error ? error.message : error)
      : `${error.name}: ${error.message}`;
    this.#log.error("not reloaded, the old key and definition stay");
    for (const line of text.split("\n")) this.#log.error(line);
  }

  #gate(): Gate {
    const { maxConnections, maxPerAddress } = this.#options;
    return new Gate({
      limits: {
        maxConnections: maxConnections ?? connectionsLeft(DEFAULT_MAX_CONNECTIONS),
        maxPerAddress,
        handshakesPerAddress: Infinity, // a session costs less than counting it would
        handshakesInAll: Infinity,
        allow: [],
        protocolShare: 1,
      },
      log: this.#log,
      registry: new Registry(),
    });
  }

  #report(event: ServerEvent, peer: HostPort): void {
    if (this.#audit !== undefined) auditRefusal(this.#audit, event, peer);
    switch (event.type) {
      case "served":
        if (this.#options.logLevel !== "debug") return; // the hot path formats nothing
        this.#log.debug("sent", {
          client: formatId(event.publicKey),
          peer: formatPeer(peer),
          framing: event.framing,
          auth: event.authenticated ? "box" : "none",
        });
        break;
      case "unknown-key":
        this.#log.info("unknown key", {
          client: formatId(event.publicKey),
          peer: formatPeer(peer),
        });
        break;
      case "refused":
        this.#log.info(event.fault.message, { peer: formatPeer(peer) });
        break;
      case "stalled":
        this.#log.debug("a client took nothing in time", { peer: formatPeer(peer) });
    }
  }

  #status(): string {
    const { clients, entries } = describeLoaded(this.#loaded);
    return `serving ${clients} clients with ${entries} entries`;
  }

  /** A manager that cannot be told is no reason to stop serving. */
  async #notify(state: string): Promise<void> {
    try {
      await notifyManager(this.#notifySocket, state);
    } catch (error) {
      if (!(error instanceof NetFault)) throw error;
      this.#log.warn(error.message);
    }
  }

  /** From here on files are read on a reload; the rest is given back where nothing needs it. */
  #dropPermissions(): void {
    const { auditLog, deleteAfterLoad, address } = this.#options;
    const notifies = this.#notifySocket !== undefined;
    for (const name of ["env", "sys"] as const) Deno.permissions.revokeSync({ name });
    if (!notifies) Deno.permissions.revokeSync({ name: "net" });
    if (auditLog === undefined && !deleteAfterLoad && !("path" in address) && !notifies) {
      Deno.permissions.revokeSync({ name: "write" });
    }
  }

  [Symbol.dispose](): void {
    this.#reload[Symbol.dispose]();
    this.#audit?.[Symbol.dispose]();
  }
}

async function listen(address: Address): Promise<Listening> {
  try {
    return "path" in address ? await listenUnix(address.path) : listenTcp(address, { brief: true });
  } catch (error) {
    if (!(error instanceof NetFault)) throw error;
    const hint = error.code === "in-use"
      ? "Stop what uses it, or choose another with --address"
      : undefined;
    throw new ExitFault(EXIT.failed, error.message, hint, { cause: error });
  }
}
