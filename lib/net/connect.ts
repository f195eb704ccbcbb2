/**
 * Connecting: a name is resolved by the system, its addresses are tried in turn with a short head
 * start for each (RFC 8305 in the small), the first that answers wins.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { lookup } from "node:dns/promises";
import { formatHostPort, type HostPort, plainIp } from "./address.ts";
import { DenoStream, toNetFault } from "./deno_stream.ts";
import { type ByteStream, NetFault } from "./stream.ts";

/** How long an address has before the next one is tried beside it (RFC 8305 section 5). */
const HEAD_START_MS = 250;

/** A connection that was made. */
export interface Connected {
  /** Its bytes. */
  readonly stream: ByteStream;
  /** The address that answered: for a second connection to the same machine. */
  readonly remote: HostPort;
  /** The address of this machine on that connection. */
  readonly local: HostPort;
}

/**
 * Connects to a host and port.
 *
 * @param timeout Milliseconds for all attempts together.
 * @throws {NetFault} that names the host, or the signal's reason.
 */
export async function connectTcp(
  to: HostPort,
  timeout: number,
  signal?: AbortSignal,
): Promise<Connected> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeout);
  const all = AbortSignal.any(signal ? [signal, deadline.signal] : [deadline.signal]);
  try {
    return await race(to, await resolve(to, all), all);
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline.signal.aborted) {
      throw new NetFault(
        "timeout",
        `Cannot connect to ${formatHostPort(to)}: no answer within ${timeout / 1000} s`,
      );
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function resolve(to: HostPort, signal: AbortSignal): Promise<string[]> {
  try {
    const found = await abortable(lookup(to.host, { all: true }), signal);
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    signal.throwIfAborted();
    throw new NetFault("unresolved", `Cannot connect to "${to.host}": the name has no address`, {
      cause: error,
    });
  }
}

/** Starts one attempt after the other; the first connection wins and later ones are closed. */
async function race(
  to: HostPort,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Connected> {
  const first = Promise.withResolvers<Deno.TcpConn>();
  first.promise.catch(() => {}); // awaited below; it may reject before that
  const faults: NetFault[] = [];
  let settled = false;
  const attempt = async (host: string) => {
    try {
      const connection = await Deno.connect({ hostname: host, port: to.port });
      if (settled) connection.close();
      settled = true;
      first.resolve(connection);
    } catch (error) {
      faults.push(toNetFault(error, `connect to ${formatHostPort({ host, port: to.port })}`));
      if (faults.length === addresses.length) first.reject(faults[0]);
    }
  };
  const abort = () => {
    settled = true;
    first.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (const address of addresses) {
      if (settled) break;
      await headStart(attempt(address));
    }
    return wrap(await first.promise);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function headStart(attempt: Promise<void>): Promise<void> {
  const over = new AbortController();
  const pause = delay(HEAD_START_MS, { signal: over.signal }).catch(() => {}); // cut short below
  await Promise.race([attempt, pause]);
  over.abort();
}

function wrap(connection: Deno.TcpConn): Connected {
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
  const endpoint = ({ hostname, port }: Deno.NetAddr) => ({ host: plainIp(hostname), port });
  const remote = endpoint(connection.remoteAddr);
  return {
    stream: new DenoStream(connection, formatHostPort(remote)),
    remote,
    local: endpoint(connection.localAddr),
  };
}
