/**
 * Connecting: a name is resolved by the system, its addresses are tried in turn with a short head
 * start for each (RFC 8305 in the small), the first that answers wins.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { formatHostPort, type HostPort, parseIp } from "./address.ts";
import { toNetFault } from "./deno_stream.ts";
import { NetFault } from "./stream.ts";
import { MAX_TIMER_MS } from "./timer.ts";

/** Looks up all addresses of a name, in the order to try them. */
export type LookUp = (host: string) => Promise<readonly string[]>;

/** How long an address has before the next one is tried beside it (RFC 8305 section 5). */
const HEAD_START_MS = 250;

/**
 * Connects to a host and port, and makes what the caller needs of the connection, in the same time.
 *
 * @param timeout Milliseconds for everything together.
 * @param make Gets the connection, and a signal that ends with the time; closes it if it throws.
 * @param lookUp How names become addresses: the system's way unless another is given.
 * @throws {NetFault} that names the host, or the signal's reason.
 */
export async function dial<T>(
  to: HostPort,
  timeout: number,
  make: (connection: Deno.TcpConn, signal: AbortSignal) => T | Promise<T>,
  signal?: AbortSignal,
  lookUp: LookUp = askSystem,
): Promise<T> {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, Math.min(timeout, MAX_TIMER_MS));
  signal?.addEventListener("abort", end, { once: true });
  try {
    signal?.throwIfAborted();
    const addresses = await resolve(to, over.signal, lookUp);
    return await make(await race(to, addresses, over.signal), over.signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (over.signal.aborted) {
      throw new NetFault(
        "timeout",
        `Cannot connect to ${formatHostPort(to)}: no answer within ${timeout / 1000} s`,
      );
    }
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** An address needs no look-up, and who has one need not wait for the module to load. */
async function askSystem(host: string): Promise<string[]> {
  if (parseIp(host) !== undefined) return [host];
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

async function resolve(to: HostPort, signal: AbortSignal, lookUp: LookUp): Promise<string[]> {
  let addresses: readonly string[] = [];
  let cause: unknown;
  try {
    addresses = await abortable(lookUp(to.host), signal);
  } catch (error) {
    signal.throwIfAborted();
    cause = error;
  }
  if (addresses.length > 0) return [...new Set(addresses)];
  throw new NetFault("unresolved", `Cannot connect to "${to.host}": the name has no address`, {
    cause,
  });
}

/** Starts one attempt after the other; the first connection wins and ends the other attempts. */
async function race(
  to: HostPort,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  const first = Promise.withResolvers<Deno.TcpConn>();
  first.promise.catch(() => {}); // awaited below; it may reject before that
  const over = new AbortController();
  const faults: NetFault[] = [];
  const attempt = async (host: string) => {
    try {
      const options = { hostname: host, port: to.port, signal: over.signal };
      const connection = await Deno.connect(options);
      if (over.signal.aborted) connection.close();
      else first.resolve(connection);
      over.abort(); // an attempt left alone would keep the process alive for minutes
    } catch (error) {
      faults.push(toNetFault(error, `connect to ${formatHostPort({ host, port: to.port })}`));
      if (faults.length === addresses.length) first.reject(faults[0]);
    }
  };
  const abort = () => {
    over.abort();
    first.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (const address of addresses) {
      if (over.signal.aborted) break;
      const attempted = attempt(address);
      if (address !== addresses.at(-1)) await headStart(attempted);
    }
    return await first.promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Waits until the attempt is through or its head start is used up. */
async function headStart(attempt: Promise<void>): Promise<void> {
  const through = new AbortController();
  const pause = delay(HEAD_START_MS, { signal: through.signal });
  await Promise.race([attempt, pause.catch(() => {})]); // it is cut short on purpose
  through.abort();
}
