/**
 * Connecting with TLS: the certificate is checked always, by the authorities that the runtime knows
 * and those that the user names.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { formatHostPort, type HostPort } from "./address.ts";
import { DenoStream, toNetFault } from "./deno_stream.ts";
import { dial } from "./dial.ts";
import { type ByteStream, NetFault } from "./stream.ts";

/** What rustls says of a certificate, and how users know it. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/UnknownIssuer|CaUsedAsEndEntity/, "its certificate was made by no authority known here"],
  [/NotValidForName|not valid for name/, "its certificate is for another name"],
  [/NotValidYet|not valid yet/, "its certificate is not valid yet"],
  [/expired/i, "its certificate has expired"],
  [/InvalidContentType|CorruptMessage|InvalidMessage/, "it does not speak TLS there"],
];

/** Whom to trust. */
export interface TlsOptions {
  /** Certificates of further authorities, PEM texts. */
  readonly authorities?: readonly string[] | undefined;
}

/**
 * Connects to a host and port with TLS; the certificate must be for that host.
 *
 * @param timeout Milliseconds for connection and handshake together.
 * @throws {NetFault} `untrusted` where the certificate is not accepted, or the signal's reason.
 */
export async function connectTls(
  to: HostPort,
  timeout: number,
  options: TlsOptions,
  signal?: AbortSignal,
): Promise<ByteStream> {
  const shake = async (plain: Deno.TcpConn, until: AbortSignal) => {
    plain.setNoDelay(true);
    plain.setKeepAlive(true);
    const secured = await startTls(plain, to, options);
    try {
      await abortable(secured.handshake(), until);
    } catch (error) {
      secured.close();
      until.throwIfAborted();
      throw toTlsFault(error, to);
    }
    return new DenoStream(secured, formatHostPort(to));
  };
  return await dial(to, timeout, shake, signal);
}

async function startTls(
  plain: Deno.TcpConn,
  to: HostPort,
  { authorities = [] }: TlsOptions,
): Promise<Deno.TlsConn> {
  try {
    return await Deno.startTls(plain, { hostname: to.host, caCerts: [...authorities] });
  } catch (error) {
    closeTaken(plain);
    throw toTlsFault(error, to);
  }
}

/** The runtime may have taken a connection over before it failed; then there is nothing to close. */
function closeTaken(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Turns an error of the handshake into a fault that says what is wrong with the other side. */
function toTlsFault(error: unknown, to: HostPort): NetFault {
  const text = error instanceof Error ? error.message : String(error);
  const known = REASONS.find(([pattern]) => pattern.test(text))?.[1];
  if (known === undefined && !(error instanceof Deno.errors.InvalidData)) {
    return toNetFault(error, `agree on TLS with ${formatHostPort(to)}`);
  }
  return new NetFault(
    "untrusted",
    `Cannot trust ${formatHostPort(to)}: ${known ?? text}`,
    { cause: error },
  );
}
