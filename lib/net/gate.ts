/**
 * The gate of a process: all its listeners, one set of limits, one log, one set of numbers. A
 * protocol behind it gets connections that were admitted, and cannot hurt the others.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Logger } from "../log/mod.ts";
import type { Labels, Metric, Registry } from "../metrics/mod.ts";
import type { Listening } from "./accept.ts";
import type { HostPort } from "./address.ts";
import { Admission, type AdmissionLimits, type Refusal } from "./admission.ts";
import { TokenBuckets } from "./rate.ts";
import { type ByteStream, NetFault } from "./stream.ts";
import { MAX_TIMER_MS } from "./timer.ts";

/** A connection that was let in. */
export interface Admitted {
  /** Its bytes; the gate closes it when the handler is through. */
  readonly stream: ByteStream;
  /** The peer's address. */
  readonly remote: HostPort;
  /** The key by which limits count its address. */
  readonly group: string;
}

/** A port behind the gate. */
export interface GatedPort {
  /** The protocol, for limits, log and numbers. */
  readonly protocol: string;
  /** Whether each connection counts as a handshake. */
  readonly handshakes: boolean;
  /** Serves one connection; what it throws is logged and ends this connection only. */
  readonly handle: (admitted: Admitted) => Promise<void>;
  /** Called when the gate closes, to say goodbye to whoever waits; a moment later all is closed. */
  readonly stop?: () => void;
}

/** What a gate needs. */
export interface GateOptions {
  /** Limits of the process. */
  readonly limits: AdmissionLimits;
  /** Most bytes a second read from one address; undefined: no limit. */
  readonly maxRate?: number | undefined;
  /** Where events go. */
  readonly log: Logger;
  /** Where numbers go. */
  readonly registry: Registry;
}

/** How long goodbyes may take when a gate closes. */
const GOODBYE_MS = 1_000;

/** Lets connections in and keeps account of them. */
export class Gate {
  readonly #admission: Admission;
  readonly #rates: TokenBuckets | undefined;
  readonly #log: Logger;
  readonly #accepted: Metric;
  readonly #refused: Metric;
  readonly #bytes: Metric;
  readonly #listeners = new Set<Listening>();
  /** Of the connections that are handled. */
  readonly #streams = new Set<ByteStream>();
  readonly #ports = new Set<GatedPort>();
  /** Called when the last connection was handled. */
  #onEmpty: (() => void) | undefined;
  readonly #closed = new AbortController();

  /** Starts with no listener. */
  constructor({ limits, maxRate, log, registry }: GateOptions) {
    this.#admission = new Admission(limits, performance.now());
    this.#rates = maxRate === undefined ? undefined : new TokenBuckets(maxRate);
    this.#log = log;
    this.#accepted = registry.counter("sallyport_accepted_total", "Connections let in");
    this.#refused = registry.counter("sallyport_refused_total", "Connections and peers refused");
    this.#bytes = registry.counter("sallyport_bytes_total", "Bytes forwarded");
    registry.gauge(
      "sallyport_connections",
      "Open connections",
      () =>
        [...new Set([...this.#ports].map(({ protocol }) => protocol))]
          .map((protocol) => [{ protocol }, this.#admission.connectionsOf(protocol)]),
    );
  }

  /** Accepts connections on a port until the gate is closed. */
  async serve(listening: Listening, port: GatedPort): Promise<void> {
    this.#listeners.add(listening);
    this.#ports.add(port);
    const labels = { protocol: port.protocol };
    await listening.serve(
      ({ stream, remote }) => void this.#handle(stream, remote, port, labels),
      () => this.#log.warn("out of file descriptors", { protocol: port.protocol }),
    );
  }

  /** Counts something that a protocol refused after the connection had been let in. */
  countRefusal(protocol: string, reason: string): void {
    this.#refused.add({ protocol, reason });
  }

  /** Counts forwarded bytes; a promise delays whoever reads faster than its address may. */
  countBytes(protocol: string, group: string, bytes: number): void | Promise<void> {
    this.#bytes.add({ protocol }, bytes);
    if (this.#rates === undefined) return;
    const now = performance.now();
    const wait = this.#rates.of(group, now).takeAll(bytes, now);
    if (wait <= 0) return;
    const until = Math.min(wait, MAX_TIMER_MS);
    return delay(until, { signal: this.#closed.signal }).catch(() => {}); // nobody waits any more
  }

  /** Stops listening, lets protocols say goodbye, closes every connection. */
  async close(): Promise<void> {
    for (const listening of this.#listeners) listening.close();
    this.#listeners.clear();
    for (const { stop } of this.#ports) stop?.();
    if (this.#streams.size === 0) return;
    const timer = setTimeout(() => this.#closeStreams(), GOODBYE_MS);
    await new Promise<void>((resolve) => this.#onEmpty = resolve);
    clearTimeout(timer);
  }

  #closeStreams(): void {
    this.#closed.abort();
    for (const stream of this.#streams) stream.close();
  }

  /** Never rejects: whatever happens to a connection concerns this one only. */
  async #handle(
    stream: ByteStream,
    remote: HostPort,
    { protocol, handshakes, handle }: GatedPort,
    labels: Labels,
  ): Promise<void> {
    const ticket = this.#admission.admit(protocol, remote.host, handshakes, performance.now());
    if (typeof ticket === "string") {
      stream.close();
      this.#refuse(protocol, remote, ticket);
      return;
    }
    this.#accepted.add(labels);
    this.#streams.add(stream);
    try {
      await handle({ stream, remote, group: ticket.group });
    } catch (error) {
      this.#report(error, protocol, remote.host);
    } finally {
      stream.close();
      this.#streams.delete(stream);
      this.#admission.release(ticket);
      if (this.#streams.size === 0) this.#onEmpty?.();
    }
  }

  #report(error: unknown, protocol: string, peer: string): void {
    if (error instanceof NetFault) {
      if (error.code !== "closed") this.#log.debug(error.message, { protocol });
      return;
    }
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    this.#log.error("connection failed unexpectedly", { protocol, peer, error: text });
  }

  #refuse(protocol: string, remote: HostPort, reason: Refusal): void {
    this.#refused.add({ protocol, reason });
    this.#log.info("refused a connection", { protocol, peer: remote.host, reason });
  }
}
