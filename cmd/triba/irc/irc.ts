/**
 * `triba irc`: makes the backend from its command line.
 *
 * @module
 */

import { ExitFault, type OptionValues } from "../../../lib/cli/mod.ts";
import { FileFault, withFile } from "../../../lib/files/mod.ts";
import {
  type ChannelAddress,
  IrcFault,
  isNick,
  parseChannelAddress,
} from "../../../lib/irc/mod.ts";
import type { Logger } from "../../../lib/log/mod.ts";
import {
  Backoff,
  type ByteStream,
  connectTcp,
  connectTls,
  formatHostPort,
  type HostPort,
} from "../../../lib/net/mod.ts";
import { EXIT_CODES } from "../../../lib/triba/constants.ts";
import type { IRC } from "../args/irc.ts";
import type { BackendParts } from "../backend_command.ts";
import { IrcBackend } from "./backend.ts";
import { Store } from "./store.ts";

const TLS_PORT = 6697;
const PLAIN_PORT = 6667;
/** For connection and TLS together, in milliseconds. */
const CONNECT_MS = 20_000;
/** Cores that have an account log in at once: one connection is enough then. */
const LOGIN_GRACE_MS = 250;
/** Messages that are kept in memory even if none are on disk: what was sent must be known. */
const LEAST_MESSAGES = 100;

/** What the command line decides. */
export type IrcOptions = OptionValues<typeof IRC.options>;

/** Makes the backend from its command line. */
export async function createIrc(
  options: IrcOptions,
  _operands: readonly string[],
  log: Logger,
): Promise<BackendParts> {
  const { byteOrder, form, nick, user = nick, realname = nick, history } = options;
  if (nick === undefined || user === undefined || realname === undefined) {
    throw configuration("Missing option --nick", "Name the user: --nick sally");
  }
  if (!isNick(nick) || !isNick(user) || /[\0\r\n]/.test(realname)) {
    throw configuration("Cannot use these names: --nick and --user must be plain words");
  }
  const server = serverOf(options);
  const state = Deno.env.get("TRIBA_STATE");
  if (state === undefined) log.info("No TRIBA_STATE: rooms are forgotten at the end");
  const backend = await IrcBackend.create({
    connect: await connector(server, options),
    client: {
      nick,
      user,
      realname,
      times: { burst: options.burst, lineMs: options.lineInterval },
      random: Math.random,
    },
    join: options.join.flat().map(parseChannel),
    loginBy: options.login,
    mayLogIn: !options.noTls || options.plainLogin,
    needsLogin: options.needLogin,
    loginGraceMs: LOGIN_GRACE_MS,
    backoff: new Backoff(),
    mostMessages: Math.max(LEAST_MESSAGES, history),
    store: state === undefined ? undefined : await openStore(state, server, history, log),
    quitText: options.quitText,
    log,
    clock: Date.now,
    newId: () => crypto.randomUUID(),
  });
  return { backend, wire: { byteOrder, form } };
}

function serverOf({ server, tls, noTls }: IrcOptions): HostPort {
  if (server === undefined) {
    throw configuration("Missing option --server", "Name the server: --server irc.example.org");
  }
  if (tls && noTls) throw configuration("Cannot use --tls together with --no-tls");
  return server.port === 0 ? { ...server, port: noTls ? PLAIN_PORT : TLS_PORT } : server;
}

async function connector(
  server: HostPort,
  { noTls, ca }: IrcOptions,
): Promise<(signal: AbortSignal) => Promise<ByteStream>> {
  if (noTls) {
    return async (signal) => (await connectTcp(server, CONNECT_MS, signal)).stream;
  }
  const authorities = await Promise.all(ca.map(readAuthority));
  return (signal) => connectTls(server, CONNECT_MS, { authorities }, signal);
}

async function readAuthority(path: string): Promise<string> {
  try {
    const text = await withFile("read", path, () => Deno.readTextFile(path));
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    throw asConfiguration(error);
  }
  throw configuration(`Cannot read "${path}": it holds no certificate in the form PEM`);
}

async function openStore(
  folder: string,
  server: HostPort,
  history: number,
  log: Logger,
): Promise<Store> {
  try {
    return await Store.open(folder, formatHostPort(server), history, log);
  } catch (error) {
    throw asConfiguration(error);
  }
}

function parseChannel(text: string): ChannelAddress {
  try {
    return parseChannelAddress(text);
  } catch (error) {
    throw error instanceof IrcFault ? configuration(`${error.message}: "${text}"`) : error;
  }
}

function asConfiguration(error: unknown): unknown {
  return error instanceof FileFault ? configuration(error.message) : error;
}

function configuration(message: string, hint?: string): ExitFault {
  return new ExitFault(EXIT_CODES.configuration, message, hint);
}
