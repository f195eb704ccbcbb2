/**
 * Listening: an accept loop that survives the lack of descriptors, and hands each connection on
 * with its address.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { formatHostPort, type HostPort, plainIp } from "./address.ts";
import { DenoStream, toNetFault } from "./deno_stream.ts";
import { type ByteStream, NetFault } from "./stream.ts";

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

/** How connections of a listener are used. */
export interface ListenOptions {
  /**
   * One question, one answer, and deadlines of the protocol's own: then neither small writes at
   * once nor the system's probes are worth their calls. False unless given.
   */
  readonly brief?: boolean | undefined;
}

/**
 * Listens on a TCP port; port 0 picks a free one. Host `::` takes both families, or IPv4 alone
 * where the system has no IPv6.
 *
 * @throws {NetFault} with the address and the reason.
 */
export function listenTcp(at: HostPort, options: ListenOptions = {}): Listening {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: at.host, port: at.port, transport: "tcp" });
  } catch (error) {
    if (at.host === "::" && NO_IPV6.test(String(error))) {
      return listenTcp({ host: "0.0.0.0", port: at.port }, options);
    }
    throw toNetFault(error, `listen on ${formatHostPort(at)}`);
  }
  const brief = options.brief ?? false;
  return {
    local: { host: at.host, port: listener.addr.port },
    serve: (handle, onExhausted) =>
      serve(listener, (connection) => handle(acceptedTcp(connection, brief)), onExhausted),
    close: () => listener.close(),
  };
}

/**
 * Listens on a unix socket that only this user can connect to (mode 0600). A socket that a process
 * left behind is replaced, one that somebody listens on is not.
 *
 * @throws {NetFault} with the path and the reason.
 */
export async function listenUnix(path: string): Promise<Listening> {
  let listener: Deno.UnixListener;
  try {
    await removeStale(path);
    listener = bindPrivately(path);
  } catch (error) {
    throw toNetFault(error, `listen on unix:${path}`);
  }
  return {
    local: { host: "", port: 0 },
    serve: (handle, onExhausted) =>
      serve(listener, (connection) => handle(acceptedUnix(connection, path)), onExhausted),
    close: () => {
      listener.close();
      removeIfThere(path);
    },
  };
}

/** Bound in a folder of its own, so that at no moment anybody else can connect. */
function bindPrivately(path: string): Deno.UnixListener {
  const at = path.lastIndexOf("/");
  const folder = Deno.makeTempDirSync({
    dir: at < 0 ? "." : path.slice(0, at) || "/",
    prefix: ".sallyport-",
  });
  try {
    const bound = `${folder}/s`;
    const listener = Deno.listen({ transport: "unix", path: bound });
    try {
      Deno.chmodSync(bound, 0o600);
      Deno.linkSync(bound, path);
    } catch (error) {
      listener.close();
      throw error instanceof Deno.errors.AlreadyExists ? inUse(path) : error;
    }
    return listener;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function removeStale(path: string): Promise<void> {
  try {
    const connection = await Deno.connect({ transport: "unix", path });
    connection.close();
  } catch (error) {
    // Only a socket refuses: for a file of another kind the later link says that it exists.
    if (error instanceof Deno.errors.ConnectionRefused && Deno.lstatSync(path).isSocket) {
      removeIfThere(path);
    }
    return;
  }
  throw inUse(path);
}

function inUse(path: string): NetFault {
  return new NetFault("in-use", `Cannot listen on unix:${path}: it exists and is in use`);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function serve<Connection>(
  listener: { accept(): Promise<Connection> },
  handle: (connection: Connection) => void,
  onExhausted: () => void,
): Promise<void> {
  while (true) {
    let connection: Connection;
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
    handle(connection);
  }
}

function acceptedTcp(connection: Deno.TcpConn, brief: boolean): Accepted {
  const { hostname, port } = connection.remoteAddr;
  const remote = { host: plainIp(hostname), port };
  if (!brief) {
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
  }
  return { stream: new DenoStream(connection, formatHostPort(remote)), remote };
}

function acceptedUnix(connection: Deno.UnixConn, path: string): Accepted {
  return { stream: new DenoStream(connection, `unix:${path}`), remote: { host: "", port: 0 } };
}
