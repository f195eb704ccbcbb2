/**
 * The command line of `coffer-client`.
 *
 * @module
 */

import type { Command } from "../../lib/cli/command.ts";
import {
  asText,
  bytes,
  flag,
  integer,
  list,
  oneOf,
  type OptionValues,
  seconds,
  value,
} from "../../lib/cli/options.ts";
import { parseKeys } from "../../lib/coffer/arguments.ts";
import { DEFAULT_PORT } from "../../lib/coffer/constants.ts";
import { COFFER_EXIT, COFFER_MEANINGS } from "../../lib/coffer/program.ts";
import { LOG_LEVELS } from "../../lib/log/logger.ts";
import { type Endpoint, parseEndpoint } from "../../lib/net/endpoint.ts";

/** Exit statuses of commands that do not start, as shells have them. */
export const COMMAND_EXIT = {
  /** There is such a file, but it cannot be executed. */
  notExecutable: 126,
  /** There is no such command. */
  missing: 127,
} as const;

/** An entry that is written to a file. */
export interface FileTarget {
  /** The key as the definition has it. */
  readonly key: string;
  /** Where its value goes. */
  readonly path: string;
}

/** Reads one server or several with commas between: the environment holds one text. */
export function parseServers(text: string): readonly Endpoint[] {
  return text.split(",").map((server) => parseEndpoint(server.trim(), DEFAULT_PORT));
}

/** Reads `KEY,KEY`. */
export function parseNames(text: string): readonly string[] {
  const names = text.split(",");
  if (names.includes("")) throw new RangeError("must name keys: KEY,KEY");
  return names;
}

/** Reads `KEY=PATH`. */
export function parseFileTarget(text: string): FileTarget {
  const [, key, path] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (key === undefined || path === undefined) throw new RangeError("must be KEY=PATH");
  return { key, path };
}

/**
 * Whether the health check is wanted: `ping` alone, and not behind `--`. With anything behind it, it
 * is the command of that name, as for the original, which nobody can use without an argument.
 */
export function asksForPing(args: readonly string[], operands: readonly string[]): boolean {
  return operands.length === 1 && operands[0] === "ping" && args.at(-2) !== "--";
}

/** `coffer-client`. */
export const CLIENT = {
  name: "coffer-client",
  summary: "fetch this client's secrets and run a command with them in its environment",
  operands: { shown: "COMMAND [ARGUMENT...] | ping", least: 0, most: Infinity },
  stopsAtOperand: true,
  options: {
    serverAddress: list({
      help: "Server: HOST:PORT or unix:/PATH; several are tried in turn; " +
        `unset: 127.0.0.1:${DEFAULT_PORT}`,
      short: "s",
      value: "ADDRESS",
      env: "COFFER_SERVER_ADDRESS",
      parse: parseServers,
    }),
    certificate: value({
      help: "Key file of this client; unset: $CREDENTIALS_DIRECTORY/certificate",
      short: "c",
      value: "PATH",
      env: "COFFER_CLIENT_CERTIFICATE",
      parse: asText,
    }),
    serverKey: list({
      help: "Take only replies that prove this public key of the server; several for a rotation",
      value: "HEX",
      env: "COFFER_SERVER_KEY",
      parse: parseKeys,
    }),
    allowUnauthenticated: flag({
      help: "With --server-key: take an unproved reply as well, with a warning",
      env: "COFFER_ALLOW_UNAUTHENTICATED",
    }),
    protocol: value({
      help: "Framing: auto, wide or narrow; auto is wide, and narrow once the server answers so",
      value: "NAME",
      env: "COFFER_PROTOCOL",
      default: "auto",
      parse: oneOf("auto", "wide", "narrow"),
    }),
    timeout: value({
      help: "Time for one attempt at one server",
      value: "SECONDS",
      env: "COFFER_TIMEOUT",
      default: "30",
      parse: seconds,
    }),
    retry: value({
      help: "Try all servers again so often, with growing pauses of up to 30 s",
      value: "COUNT",
      env: "COFFER_RETRY",
      default: "0",
      parse: integer(0, 1_000_000),
    }),
    maxReply: value({
      help: "Largest reply to take",
      value: "BYTES",
      env: "COFFER_MAX_REPLY",
      default: "16M",
      parse: bytes,
    }),
    trim: flag({
      help: "Cut white space off both ends of variables' names and texts, as the original does",
      env: "COFFER_TRIM",
    }),
    only: list({
      help: "Use these keys and no others; a missing one is an error",
      value: "KEY,KEY",
      env: "COFFER_ONLY",
      parse: parseNames,
    }),
    envPrefix: value({
      help: "Put this before the name of each variable",
      value: "PREFIX",
      env: "COFFER_ENV_PREFIX",
      parse: asText,
    }),
    upcase: flag({ help: "Make the names of variables upper case", env: "COFFER_UPCASE" }),
    cleanEnv: flag({
      help: "Pass on PATH, HOME, LANG, TERM and TMPDIR only, beside the secrets",
      env: "COFFER_CLEAN_ENV",
    }),
    file: list({
      help: "Write this key's value to a file of mode 0600 instead of the environment",
      value: "KEY=PATH",
      env: "COFFER_FILE",
      parse: parseFileTarget,
    }),
    format: value({
      help: "Print the variables instead of running a command: env, json or shell",
      value: "FORM",
      env: "COFFER_FORMAT",
      parse: oneOf("env", "json", "shell"),
    }),
    watch: value({
      help: "Fetch again and again; when a value has changed, restart the command",
      value: "SECONDS",
      env: "COFFER_WATCH",
      parse: seconds,
    }),
    supervise: flag({
      help: "Keep the command as a child instead of becoming it",
      env: "COFFER_SUPERVISE",
    }),
    log: value({
      help: "Form of messages on standard error: text or json",
      value: "FORM",
      env: "COFFER_LOG",
      default: "text",
      parse: oneOf("text", "json"),
    }),
    logLevel: value({
      help: `Least important messages: ${LOG_LEVELS.join(", ")}; unset: RUST_LOG counts, else warn`,
      value: "LEVEL",
      env: "COFFER_LOG_LEVEL",
      parse: oneOf(...LOG_LEVELS),
    }),
  },
  notes: [
    "Options end at the command; what follows is the command's own. COMMAND is looked up with this " +
    "program's PATH before anything is fetched, so a PATH among the secrets does not choose it.",
    "ping alone says hello to the first server that answers, fetches nothing, and prints which one it " +
    "was. The command of that name takes an argument, or -- before it.",
    "The program becomes the command: same process id, signals and exit status are the command's own. " +
    "With --supervise or --watch it stays and passes on SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 " +
    "and SIGUSR2; a signal n that ends the command makes its exit status 128 + n.",
    "Without --server-key nobody proves that the reply is the server's: variables that steer the loader " +
    "(LD_*, DYLD_*) are refused.",
    "Becoming a command calls the C library, for which the runtime has to be allowed everything " +
    "(--allow-ffi); where it is not, --supervise is used.",
  ],
  outcomes: [
    ["key file missing or unreadable", "Cannot read PATH, with the reason", "1"],
    ["key file writable by others", "Cannot trust PATH, with its mode", "1"],
    ["key file readable by others", "a warning", "-"],
    ["key file damaged, halves that do not match", "Cannot read the key file PATH", "1"],
    ["no server reachable, or none answers in time", "the reason for each", "1"],
    ["server closes without an answer", "it may not know the key or want narrow", "1"],
    ["server does not know the key", "Cannot fetch: the server does not know this key", "3"],
    ["server refuses", "Cannot fetch: the server refused: TEXT", "3"],
    ["not coffer, or a broken reply", "Cannot fetch, or read the reply, with the reason", "4"],
    ["reply of another or damaged", "Cannot open the reply", "4"],
    ["reply that does not prove --server-key", "Cannot trust the reply", "4"],
    ["key that no variable can have", "Cannot use entry KEY, with the reason", "4"],
    ["key of --only or --file missing", "Cannot use entry KEY: the server has no such key", "4"],
    ["file cannot be written", "Cannot create or replace PATH; the old file stays", "1"],
    ["command missing", "Cannot run COMMAND, before anything is fetched", "127"],
    ["command not executable", "Cannot run COMMAND, before anything is fetched", "126"],
    ["--watch: a fetch fails", "a warning; the command goes on with what it has", "-"],
    ["SIGTERM, SIGINT, SIGHUP while fetching", "Ended by SIGNAL; the server is told", "128 + n"],
    ["anything after the command was started", "the command's own", "its own"],
  ],
  examples: [
    ["Run a service with its secrets", "coffer-client -c web.key -- /usr/local/bin/web --port 80"],
    [
      "Trust one server only, and keep a certificate in a file",
      "coffer-client -c web.key --server-key CC02...D76A --file TLS_KEY=/run/web/tls.key -- web",
    ],
    ["Variables for a script", 'eval "$(coffer-client -c web.key --format shell)"'],
    ["A health check", "coffer-client -c web.key -s unix:/run/coffer/socket ping"],
  ],
  exits: [
    COFFER_EXIT.done,
    COFFER_EXIT.failed,
    COFFER_EXIT.usage,
    COFFER_EXIT.refused,
    COFFER_EXIT.protocol,
    COMMAND_EXIT.notExecutable,
    COMMAND_EXIT.missing,
  ],
  meanings: {
    ...COFFER_MEANINGS,
    [COFFER_EXIT.failed]: "failed: key file, connection or local file",
    [COMMAND_EXIT.notExecutable]: "the command cannot be executed",
    [COMMAND_EXIT.missing]: "there is no such command",
  },
} as const satisfies Command;

/** Options of `coffer-client`. */
export type ClientOptions = OptionValues<typeof CLIENT.options>;
