/**
 * A core that runs: its backends, its bridges, and those who attach to it.
 *
 * @module
 */

import { encodeHex } from "@std/encoding/hex";
import { delay } from "@std/async/delay";
import { VERSION } from "../../../lib/cli/mod.ts";
import { FileFault } from "../../../lib/files/mod.ts";
import type { Logger } from "../../../lib/log/mod.ts";
import { Registry } from "../../../lib/metrics/mod.ts";
import { Gate, listenUnix, NetFault, notifyManager } from "../../../lib/net/mod.ts";
import { Bridge, groupBridges } from "../../../lib/triba/bridge/mod.ts";
import { type BridgeSpec, ConfigFault, type CoreConfig } from "../../../lib/triba/config/mod.ts";
import { Core, type CoreTrace } from "../../../lib/triba/core/mod.ts";
import {
  Hub,
  HUB_PROTOCOL,
  refuseInterface,
  serveInterface,
  SharedCore,
} from "../../../lib/triba/hub/mod.ts";
import { describeConfigFault } from "./load.ts";
import { NoticeLog } from "./log_notices.ts";
import type { Environment } from "./places.ts";

/** Connections that may be told at the same time that they are too many. */
const BEING_REFUSED = 8;

/** What a service needs. */
export interface ServiceOptions {
  /** Path of the configuration, for messages. */
  readonly path: string;
  /** Reads the configuration, again for each reload. */
  readonly load: () => Promise<CoreConfig>;
  /** Folder of what backends keep. */
  readonly state: string;
  /** That of this process. */
  readonly environment: Environment;
  /** The log. */
  readonly log: Logger;
  /** Told of every byte and key between the core and its backends. */
  readonly trace?: CoreTrace | undefined;
}

/** A core with everything around it. */
export class Service {
  /** The core, for who uses it in this process. */
  readonly shared: SharedCore;
  /** The side for user interfaces. */
  readonly hub: Hub;
  readonly #options: ServiceOptions;
  readonly #core: Core;
  #config: CoreConfig;
  #bridges: readonly Bridge[] = [];
  #gate: Gate | undefined;
  #reloading: Promise<void> = Promise.resolve();
  #told = "";

  /**
   * Runs a configuration.
   *
   * @throws {FileFault} or {NetFault} if there is no place for the backends' socket.
   */
  static async start(config: CoreConfig, options: ServiceOptions): Promise<Service> {
    const { environment, state, log, trace } = options;
    const core = await Core.open({
      agent: `triba-core/${VERSION}`,
      stateFolder: state,
      environment,
      socket: { runtimeFolder: environment["XDG_RUNTIME_DIR"] },
      log,
      trace,
    });
    return new Service(core, config, options);
  }

  private constructor(core: Core, config: CoreConfig, options: ServiceOptions) {
    const { log } = options;
    this.#options = options;
    this.#core = core;
    this.#config = config;
    this.shared = new SharedCore(core);
    const notices = new NoticeLog(log);
    this.shared.subscribe((notice) => {
      notices.take(notice);
      if (notice.type === "backend" || notice.type === "removed") this.#tellStatus();
    });
    this.hub = new Hub({
      core: this.shared,
      run: encodeHex(crypto.getRandomValues(new Uint8Array(8))),
      agent: `triba-core/${VERSION}`,
      clock: () => Date.now(),
      onDropped: (name) => log.warn(`gave ${name} up: it reads too slowly`),
      onDefect: (error) => log.error("a request failed unexpectedly", { error: describe(error) }),
    });
  }

  /** Starts the backends and bridges. */
  async begin(): Promise<void> {
    await this.#core.apply(this.#config.backends);
    this.#bridges = this.#build(this.#config.bridges);
  }

  /**
   * Lets user interfaces attach at a socket until the service is closed.
   *
   * @throws {NetFault} if it cannot be made.
   */
  async listen(path: string, maxInterfaces: number): Promise<void> {
    const gate = new Gate({
      limits: {
        maxConnections: maxInterfaces + BEING_REFUSED,
        maxPerAddress: maxInterfaces + BEING_REFUSED,
        handshakesPerAddress: Infinity,
        handshakesInAll: Infinity,
        allow: [],
        protocolShare: 1,
      },
      log: this.#options.log,
      registry: new Registry(),
    });
    const listening = await listenUnix(path);
    this.#gate = gate;
    gate.serve(listening, {
      protocol: HUB_PROTOCOL,
      handshakes: false,
      handle: async ({ stream }) => {
        if (this.hub.attached < maxInterfaces) return await serveInterface(stream, this.hub);
        this.#options.log.warn("refused a user interface: too many are attached");
        await refuseInterface(stream);
      },
    });
  }

  /** Reads the configuration again, one reload after the other; never throws. */
  reload(): void {
    this.#reloading = this.#reloading.then(() => this.#reloadOnce());
  }

  /** Tells the service manager that everything runs. */
  async tellReady(): Promise<void> {
    this.#told = this.#status();
    await this.#notify(`READY=1\nSTATUS=${this.#told}`);
  }

  /** Ends the backends, then says goodbye to the user interfaces, which see it. */
  async close(): Promise<void> {
    await this.#notify("STOPPING=1");
    await this.#reloading;
    await Promise.all(this.#bridges.map((bridge) => bridge.close()));
    this.shared.refuse();
    await this.#core.close();
    this.hub.close();
    await this.#gate?.close();
    this.shared.close();
  }

  async #reloadOnce(): Promise<void> {
    const { log, path } = this.#options;
    await this.#notify("RELOADING=1");
    try {
      const config = await this.#options.load();
      const { started, removed, restarted } = await this.#core.apply(config.backends);
      await this.#replaceBridges(config.bridges);
      this.#config = config;
      const names = (list: readonly string[]) => list.length > 0 ? list.join(",") : undefined;
      log.info(`reloaded: +${started.length} ~${restarted.length} -${removed.length}`, {
        started: names(started),
        restarted: names(restarted),
        removed: names(removed),
      });
    } catch (error) {
      log.error("not reloaded, the old configuration stays");
      const text = error instanceof ConfigFault
        ? describeConfigFault(error, path)
        : error instanceof FileFault
        ? error.message
        : describe(error);
      for (const line of text.split("\n")) log.error(line);
    }
    await this.tellReady();
  }

  /** A group of rooms that is as it was goes on, with what waits in it. */
  async #replaceBridges(bridges: readonly BridgeSpec[]): Promise<void> {
    if (JSON.stringify(bridges) === JSON.stringify(this.#config.bridges)) return;
    await Promise.all(this.#bridges.map((bridge) => bridge.close()));
    this.#bridges = this.#build(bridges);
  }

  #build(bridges: readonly BridgeSpec[]): Bridge[] {
    const { log } = this.#options;
    return groupBridges(bridges).map((group) =>
      new Bridge(group, {
        core: this.shared,
        log,
        clock: () => performance.now(),
        pause: (milliseconds, signal) => delay(milliseconds, { signal }).catch(() => {}), // closed
        makeTxn: () => crypto.randomUUID(),
        selfName: (backend) =>
          this.#config.backends.find(({ name }) => name === backend)?.account?.name ?? backend,
      })
    );
  }

  #status(): string {
    const backends = this.shared.backends();
    const open = backends.filter(({ state }) => state === "open").length;
    return `${open} of ${backends.length} backends open`;
  }

  #tellStatus(): void {
    const status = this.#status();
    if (status === this.#told || this.#told === "") return;
    this.#told = status;
    this.#notify(`STATUS=${status}`);
  }

  /** A manager that cannot be told is no reason to end. */
  async #notify(state: string): Promise<void> {
    try {
      await notifyManager(this.#options.environment["NOTIFY_SOCKET"], state);
    } catch (error) {
      if (!(error instanceof NetFault)) throw error;
      this.#options.log.warn(error.message);
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
