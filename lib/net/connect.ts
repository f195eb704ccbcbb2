/**
 * Connecting to a host and port.
 *
 * @module
 */

import { formatHostPort, type HostPort, plainIp } from "./address.ts";
import { DenoStream } from "./deno_stream.ts";
import { dial, type LookUp } from "./dial.ts";
import type { ByteStream } from "./stream.ts";

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
 * @param lookUp How names become addresses: the system's way unless another is given.
 * @throws {NetFault} that names the host, or the signal's reason.
 */
export async function connectTcp(
  to: HostPort,
  timeout: number,
  signal?: AbortSignal,
  lookUp?: LookUp,
): Promise<Connected> {
  return await dial(to, timeout, (connection) => wrap(connection), signal, lookUp);
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
