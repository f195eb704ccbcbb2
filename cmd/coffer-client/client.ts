/**
 * The client's key and its servers, which are tried in turn.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { writeLogLine } from "../../lib/cli/daemon.ts";
import { EXIT, ExitFault } from "../../lib/cli/exit.ts";
import { parseRustLog } from "../../lib/coffer/arguments.ts";
import {
  type ClientOptions as AttemptOptions,
  fetchSecrets,
  pingServer,
} from "../../lib/coffer/client.ts";
import { DEFAULT_PORT } from "../../lib/coffer/constants.ts";
import { requireDistinctKeys } from "../../lib/coffer/keys/public_key.ts";
import type { KeyPair } from "../../lib/coffer/keys/seal.ts";
import { loadKeyFile } from "../../lib/coffer/program.ts";
import type { OpenedReply } from "../../lib/coffer/reply.ts";
import { createLogger, type Logger } from "../../lib/log/logger.ts";
import { Backoff } from "../../lib/net/backoff.ts";
import { connectEndpoint, type Endpoint, formatEndpoint } from "../../lib/net/endpoint.ts";
import type { ClientOptions } from "./args.ts";
import { isWithoutAnswer } from "./faults.ts";

const DEFAULT_SERVER: Endpoint = { host: "127.0.0.1", port: DEFAULT_PORT };
/** The service manager guards this folder; its access lists look like permissions of the group. */
const CREDENTIALS = "/run/credentials/";

/** A client that knows its key and its servers. */
export class Client {
  readonly #options: ClientOptions;
  readonly #pair: KeyPair;
  readonly #servers: readonly Endpoint[];
  /** Messages for the user. */
  readonly log: Logger;

  private constructor(options: ClientOptions, pair: KeyPair, log: Logger) {
    this.#options = options;
    this.#pair = pair;
    this.#servers = options.serverAddress.length > 0
      ? options.serverAddress.flat()
      : [DEFAULT_SERVER];
    this.log = log;
  }

  /**
   * Reads the key file.
   *
   * @throws {ExitFault | FileFault | CofferFault} when there is none or it cannot be used.
   */
  static async open(options: ClientOptions): Promise<Client> {
    const log = openLog(options);
    const path = findKeyFile(options);
    const { pair, readableByOthers } = await loadKeyFile(path);
    if (readableByOthers && !path.startsWith(CREDENTIALS)) {
      log.warn("the key file can be read by others than its owner", { path });
    }
    for (const publicKey of options.serverKey.flat()) {
      const client = { owner: "this client", publicKey: pair.publicKey };
      requireDistinctKeys([client, { owner: "the server", publicKey }]);
    }
    return new Client(options, pair, log);
  }

  /**
   * Fetches the secrets from the first server that answers.
   *
   * @throws {NetFault | CofferFault} when none answers, one refuses, or its reply is unusable.
   */
  async fetch(signal: AbortSignal): Promise<OpenedReply> {
    const [reply] = await this.#inTurn(fetchSecrets, signal);
    if (!reply.authenticated && this.#options.serverKey.length > 0) {
      this.log.warn("the reply does not prove the server's key: taken as you allowed it");
    }
    return reply;
  }

  /**
   * Greets the first server that answers.
   *
   * @throws {NetFault | CofferFault} when none answers or one refuses.
   */
  async ping(signal: AbortSignal): Promise<Endpoint> {
    const [, server] = await this.#inTurn(pingServer, signal);
    return server;
  }

  /** An answer is final, be it a refusal; only silence leads to the next server. */
  async #inTurn<T>(
    attempt: (options: AttemptOptions) => Promise<T>,
    signal: AbortSignal,
  ): Promise<readonly [T, Endpoint]> {
    const backoff = new Backoff();
    for (let left = this.#options.retry;; left--) {
      for (const [index, server] of this.#servers.entries()) {
        try {
          return [await attempt(this.#attemptAt(server, signal)), server];
        } catch (error) {
          signal.throwIfAborted();
          const isLast = left === 0 && index === this.#servers.length - 1;
          if (isLast || !isWithoutAnswer(error)) throw error;
          this.log.warn(error.message, { server: formatEndpoint(server) });
        }
      }
      await pause(backoff.next(), signal);
    }
  }

  #attemptAt(server: Endpoint, signal: AbortSignal): AttemptOptions {
    const { protocol, serverKey, allowUnauthenticated, timeout, maxReply } = this.#options;
    return {
      connect: (timeoutMs, aborted) => connectEndpoint(server, timeoutMs, aborted),
      client: this.#pair,
      protocol,
      serverKeys: serverKey.flat(),
      allowUnauthenticated,
      timeoutMs: timeout,
      maxReplyBytes: maxReply,
      signal,
    };
  }
}

function openLog(options: ClientOptions): Logger {
  const prefix = options.log === "text" ? "coffer-client: " : "";
  return createLogger({
    format: options.log,
    level: options.logLevel ?? parseRustLog(Deno.env.get("RUST_LOG") ?? "") ?? "warn",
    write: (line) => writeLogLine(prefix + line),
  });
}

function findKeyFile({ certificate }: ClientOptions): string {
  if (certificate !== undefined) return certificate;
  const credentials = Deno.env.get("CREDENTIALS_DIRECTORY");
  if (credentials !== undefined && credentials !== "") return `${credentials}/certificate`;
  throw new ExitFault(
    EXIT.usage,
    "Missing option --certificate",
    "Name the key file with it or with COFFER_CLIENT_CERTIFICATE",
  );
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, { signal });
  } catch (error) {
    signal.throwIfAborted(); // with the reason itself
    throw error;
  }
}
