/**
 * A relay inside this process: for `relay serve`, and for a sender that was given none.
 *
 * @module
 */

import { runBobRelay } from "../../lib/bob/mod.ts";
import {
  EXIT,
  ExitFault,
  type Listener,
  type OptionValues,
  parseCommand,
} from "../../lib/cli/mod.ts";
import type { Logger } from "../../lib/log/mod.ts";
import { Registry, serveMetrics } from "../../lib/metrics/mod.ts";
import {
  type AdmissionLimits,
  BufferBudget,
  connectionsLeft,
  Gate,
  type HostPort,
  type Listening,
  listenTcp,
  NetFault,
} from "../../lib/net/mod.ts";
import { SERVE } from "./args.ts";

/** Options of `relay serve`. */
export type ServeOptions = OptionValues<typeof SERVE.options>;

const DEFAULT_MAX_CONNECTIONS = 4096;
/** What the buffers of all pairs may take beyond the least: some twenty pairs at full speed. */
const BUFFER_BUDGET_BYTES = 40 * 1024 * 1024;

/** A relay that runs. */
export interface HostedRelay {
  /** Where it listens, with real ports. */
  readonly listeners: readonly Listener[];
  /** Rejects when it fails; resolves when it was closed. */
  readonly running: Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}

/** The options of a relay for which nobody gave any. */
export function defaultServeOptions(): ServeOptions {
  return parseCommand(SERVE, [], () => undefined).options;
}

/**
 * Binds all sockets and serves them.
 *
 * @throws {NetFault} when one cannot be bound; none is left bound then.
 */
export function hostRelay(options: ServeOptions, log: Logger): HostedRelay {
  const registry = new Registry();
  const gate = new Gate({ limits: readLimits(options), maxRate: options.maxRate, log, registry });
  const sockets = bindAll(options);
  const running: Promise<void>[] = [];
  if (sockets.bob !== undefined) {
    const budget = new BufferBudget(BUFFER_BUDGET_BYTES);
    running.push(runBobRelay({ ...sockets.bob, gate, budget, log, registry, limits: options }));
  }
  if (sockets.metrics !== undefined) {
    running.push(gate.serve(sockets.metrics, {
      protocol: "metrics",
      handshakes: false,
      handle: ({ stream }) => serveMetrics(stream, registry),
    }));
  }
  const all = Promise.all(running).then(() => {});
  return {
    listeners: sockets.listeners,
    running: all,
    close: async () => {
      await gate.close();
      await all;
    },
  };
}

function readLimits(options: ServeOptions): AdmissionLimits {
  const [handshakesPerAddress, handshakesInAll] = options.handshakes;
  return {
    maxConnections: options.maxConnections ?? connectionsLeft(DEFAULT_MAX_CONNECTIONS),
    maxPerAddress: options.maxPerAddress,
    handshakesPerAddress,
    handshakesInAll,
    allow: options.allow,
  };
}

interface Sockets {
  readonly bob: { readonly main: Listening; readonly secure: Listening } | undefined;
  readonly metrics: Listening | undefined;
  readonly listeners: readonly Listener[];
}

/** Binds every socket or none. */
function bindAll(options: ServeOptions): Sockets {
  if (options.bobPort === undefined) {
    throw new ExitFault(EXIT.usage, "Nothing to serve: every protocol is switched off");
  }
  const bound: Listening[] = [];
  const listeners: Listener[] = [];
  const bind = (protocol: string, at: HostPort): Listening => {
    const listening = listenTcp(at);
    bound.push(listening);
    listeners.push({ protocol, ...listening.local });
    return listening;
  };
  try {
    const bob = {
      main: bind("bob", { host: options.listen, port: options.bobPort }),
      secure: bind("bob-secure", { host: options.listen, port: options.bobSecurePort }),
    };
    const metrics = options.metrics === undefined ? undefined : bind("metrics", options.metrics);
    return { bob, metrics, listeners };
  } catch (error) {
    for (const listening of bound) listening.close();
    throw error;
  }
}

/** What to do about a socket that cannot be bound. */
export function toListenFault(error: unknown): unknown {
  if (!(error instanceof NetFault)) return error;
  const hint = error.code === "in-use"
    ? "Stop that program, or choose other ports (--bob-port, --bob-secure-port, --metrics)"
    : undefined;
  return new ExitFault(EXIT.unreachable, error.message, hint);
}
