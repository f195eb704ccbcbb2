/**
 * What all daemons do alike: say that they are ready, and end on a signal.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import { formatHostPort, type HostPort } from "../net/address.ts";

/** A TCP port that a daemon listens on. */
export interface Listener extends HostPort {
  /** What is spoken there. */
  readonly protocol: string;
}

/** A unix socket that a daemon listens on. */
export interface LocalListener {
  /** What is spoken there. */
  readonly protocol: string;
  /** Where it is. */
  readonly path: string;
}

/** Says where a daemon listens, once all its sockets are bound. */
export function announceReady(
  log: Logger,
  format: "text" | "json",
  listeners: readonly (Listener | LocalListener)[],
): void {
  if (format === "json") {
    log.info("ready", { listeners: listeners.map(describe) });
    return;
  }
  for (const listener of listeners) {
    const place = "path" in listener ? `unix:${listener.path}` : formatHostPort(listener);
    log.info(`listening on ${place} (${listener.protocol})`);
  }
  log.info("ready");
}

function describe(listener: Listener | LocalListener): Readonly<Record<string, unknown>> {
  const { protocol } = listener;
  if ("path" in listener) return { protocol, transport: "unix", path: listener.path };
  return { protocol, transport: "tcp", host: listener.host, port: listener.port };
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

/**
 * Writes a line of a daemon's log to standard error. A log that cannot be written, to a full disk
 * or to nobody, is no reason to serve nobody.
 */
export function writeLogLine(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  try {
    for (let done = 0; done < bytes.length;) done += Deno.stderr.writeSync(bytes.subarray(done));
  } catch {
    return; // there is nobody to tell
  }
}
