/**
 * Listening: an accept loop that survives the lack of descriptors, and hands each connection on
 * with its address.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { formatHostPort, type HostPort, plainIp } from "./address.ts";
import { DenoStream, toNetFault } from "./deno_stream.ts";
import type { ByteStream } from "./stream.ts";

/** After the system ran out of descriptors, nothing is accepted for this time. */
const EXHAUSTED_PAUSE_MS = 100;

const NO_IPV6 = /os error (?:97|99)\b/; // EAFNOSUPPORT, EADDRNOTAVAIL

/** A connection that was accepted. */
export interface Accepted {
  /** Its bytes. */
  readonly stream: ByteStream;
  /** The peer's address, IPv4-mapped ones as IPv4; empty on a unix socket. */
  readonly remote: HostPort;
}

/** A socket that accepts connections. */
export interface Listening {
  /** Where it listens, with the real port. */
  readonly local: HostPort;
  /** Accepts until it is closed; a connection's handler runs on its own. */
  serve(handle: (accepted: Accepted) => void, onExhausted: () => void): Promise<void>;
  /** Stops accepting; connections go on. */
  close(): void;
}

/**
 * Listens on a TCP port; port 0 picks a free one. Host `::` takes both families, or IPv4 alone
 * where the system has no IPv6.
 *
 * @throws {NetFault} with the address and the reason.
 */
export function listenTcp(at: HostPort): Listening {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: at.host, port: at.port, transport: "tcp" });
  } catch (error) {
    if (at.host === "::" && NO_IPV6.test(String(error))) {
      return listenTcp({ host: "0.0.0.0", port: at.port });
    }
    throw toNetFault(error, `listen on ${formatHostPort(at)}`);
  }
  return {
    local: { host: at.host, port: listener.addr.port },
    serve: (handle, onExhausted) => serve(listener, handle, onExhausted),
    close: () => listener.close(),
  };
}

async function serve(
  listener: Deno.TcpListener,
  handle: (accepted: Accepted) => void,
  onExhausted: () => void,
): Promise<void> {
  while (true) {
    let connection: Deno.TcpConn;
    try {
      connection = await listener.accept();
    } catch (error) {
      const { code } = toNetFault(error, "accept a connection");
      if (code === "closed") return;
      if (code === "exhausted") {
        onExhausted();
        await delay(EXHAUSTED_PAUSE_MS);
      }
      continue; // anything else concerns a peer that went away before it was accepted
    }
    const { hostname, port } = connection.remoteAddr;
    const remote = { host: plainIp(hostname), port };
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
    handle({ stream: new DenoStream(connection, formatHostPort(remote)), remote });
  }
}
