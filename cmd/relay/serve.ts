/**
 * `relay serve`: one process, one gate, all transfer protocols behind it.
 *
 * @module
 */

import {
  aborted,
  announceReady,
  dropPermissions,
  EXIT,
  listenForReload,
  listenForSignals,
  writeLogLine,
} from "../../lib/cli/mod.ts";
import { createLogger, type Logger } from "../../lib/log/mod.ts";
import { NetFault, notifyManager } from "../../lib/net/mod.ts";
import { type HostedRelay, hostRelay, type ServeOptions, toListenFault } from "./host.ts";

/** Runs until SIGINT or SIGTERM. */
export async function serve(options: ServeOptions): Promise<number> {
  using interrupts = listenForSignals(["SIGINT", "SIGTERM"]);
  const log = createLogger({
    format: options.log,
    level: options.logLevel,
    write: writeLogLine,
  });
  using _reload = listenForReload(() => log.info("nothing to reload"));
  let relay: HostedRelay;
  try {
    relay = hostRelay(options, log);
  } catch (error) {
    throw toListenFault(error);
  }
  announceReady(log, options.log, relay.listeners);
  await tellManager(log);
  // All sockets are bound: from here on the process needs nothing from the system but time.
  dropPermissions("net", "read", "write", "env", "sys");
  await Promise.race([aborted(interrupts.signal), relay.running]);
  await relay.close();
  log.info("stopped");
  return EXIT.done;
}

/** A manager that is not there waits for nothing. */
async function tellManager(log: Logger): Promise<void> {
  try {
    await notifyManager(Deno.env.get("NOTIFY_SOCKET"), "READY=1");
  } catch (error) {
    if (!(error instanceof NetFault)) throw error;
    log.warn(error.message);
  }
}
