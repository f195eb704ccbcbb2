/**
 * What all daemons do alike: say that they are ready, and end on a signal.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import { formatHostPort, type HostPort } from "../net/mod.ts";

/** A socket that a daemon listens on. */
export interface Listener extends HostPort {
  /** What is spoken there. */
  readonly protocol: string;
}

/** Says where a daemon listens, once all its sockets are bound. */
export function announceReady(
  log: Logger,
  format: "text" | "json",
  listeners: readonly Listener[],
): void {
  if (format === "json") {
    log.info("ready", {
      listeners: listeners.map(({ protocol, host, port }) => ({
        protocol,
        transport: "tcp",
        host,
        port,
      })),
    });
    return;
  }
  for (const listener of listeners) {
    log.info(`listening on ${formatHostPort(listener)} (${listener.protocol})`);
  }
  log.info("ready");
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
