/**
 * Places to connect to: a TCP port, or a unix socket written as `unix:PATH`.
 *
 * @module
 */

import { formatHostPort, type HostPort, parseHostPort } from "./address.ts";
import { connectTcp } from "./connect.ts";
import { DenoStream, toNetFault } from "./deno_stream.ts";
import type { ByteStream } from "./stream.ts";

/** A unix socket. */
export interface SocketPath {
  /** Where it is. */
  readonly path: string;
}

/** A TCP port or a unix socket. */
export type Endpoint = HostPort | SocketPath;

const UNIX = "unix:";

/**
 * Reads `unix:PATH`, or what {@linkcode parseHostPort} reads.
 *
 * @throws {RangeError} that says what is wrong.
 */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint {
  if (!text.startsWith(UNIX)) return parseHostPort(text, defaultPort);
  const path = text.slice(UNIX.length);
  if (path === "" || path.includes("\0")) throw new RangeError("must name a path: unix:PATH");
  return { path };
}

/** The endpoint as {@linkcode parseEndpoint} reads it. */
export function formatEndpoint(endpoint: Endpoint): string {
  return "path" in endpoint ? UNIX + endpoint.path : formatHostPort(endpoint);
}

/**
 * Connects to an endpoint.
 *
 * @param timeout Milliseconds; a unix socket answers or refuses at once.
 * @throws {NetFault} that names the endpoint, or the signal's reason.
 */
export async function connectEndpoint(
  to: Endpoint,
  timeout: number,
  signal?: AbortSignal,
): Promise<ByteStream> {
  if (!("path" in to)) return (await connectTcp(to, timeout, signal)).stream;
  signal?.throwIfAborted();
  try {
    const connection = await Deno.connect({ transport: "unix", path: to.path });
    return new DenoStream(connection, formatEndpoint(to));
  } catch (error) {
    throw toNetFault(error, `connect to ${formatEndpoint(to)}`);
  }
}
