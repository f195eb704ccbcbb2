/**
 * The command line of `coffer-server`.
 *
 * @module
 */

import {
  asText,
  type Command,
  flag,
  integer,
  list,
  oneOf,
  seconds,
  value,
} from "../../lib/cli/mod.ts";
import { parseKeys } from "../../lib/coffer/arguments.ts";
import { DEFAULT_PORT, type Framing, FRAMINGS } from "../../lib/coffer/mod.ts";
import { COFFER_EXIT, COFFER_MEANINGS } from "../../lib/coffer/program.ts";
import { LOG_LEVELS } from "../../lib/log/mod.ts";
import { type HostPort, parseHostPort } from "../../lib/net/mod.ts";

/** Where to listen: a TCP port, or a unix socket. */
export type Address = HostPort | { readonly path: string };

/** Reads `HOST:PORT` or `unix:/PATH`. */
export function parseAddress(text: string): Address {
  if (!text.startsWith("unix:")) return parseHostPort(text);
  const path = text.slice("unix:".length);
  if (path === "" || path.includes("\0")) throw new RangeError("must name a socket: unix:/PATH");
  return { path };
}

/** Reads `wide,narrow` or one of them. */
export function parseFramings(text: string): readonly Framing[] {
  const read = oneOf(...FRAMINGS);
  return [...new Set(text.split(",").map((word) => read(word.trim())))];
}

/** `coffer-server`. */
export const SERVER = {
  name: "coffer-server",
  summary: "hand each client its own secrets, from a sealed definition",
  operands: { shown: "", least: 0, most: 0 },
  options: {
    certificate: value({
      help: "Key file of this server; unset: $CREDENTIALS_DIRECTORY/certificate",
      short: "c",
      value: "PATH",
      env: "COFFER_SERVER_CERTIFICATE",
      parse: asText,
    }),
    secrets: value({
      help: "Definition sealed to this server; unset: $CREDENTIALS_DIRECTORY/secrets",
      short: "s",
      value: "PATH",
      env: "COFFER_SERVER_SECRETS",
      parse: asText,
    }),
    address: value({
      help: "Where to listen: HOST:PORT, 0 picks a free port, or unix:/PATH with mode 0600",
      short: "a",
      value: "ADDRESS",
      env: "COFFER_SERVER_ADDRESS",
      default: `127.0.0.1:${DEFAULT_PORT}`,
      parse: parseAddress,
    }),
    check: flag({
      help: "Read key and definition, say what is wrong with them or what they hold, and end",
      env: "COFFER_CHECK",
    }),
    protocol: value({
      help: "Framings to serve: wide is the original programs', narrow the design document's",
      value: "FRAMINGS",
      env: "COFFER_PROTOCOL",
      default: FRAMINGS.join(","),
      parse: parseFramings,
    }),
    requireAuthenticated: flag({
      help: "Serve only clients that prove their key (coffer-client --server-key)",
      env: "COFFER_REQUIRE_AUTHENTICATED",
    }),
    companionKey: list({
      help: "Take only definitions that the companion with this public key sealed (encrypt --from)",
      value: "HEX",
      env: "COFFER_COMPANION_KEY",
      parse: parseKeys,
    }),
    freshReplies: flag({
      help: "Seal every reply anew, so that nobody sees on the wire that nothing has changed",
      env: "COFFER_FRESH_REPLIES",
    }),
    auditLog: value({
      help: "Append one JSON object a line for every request; what cannot be written is refused",
      value: "PATH",
      env: "COFFER_AUDIT_LOG",
      parse: asText,
    }),
    maxConnections: value({
      help: "Most connections at once; unset: 10000, or what the descriptor limit leaves",
      value: "COUNT",
      env: "COFFER_MAX_CONNECTIONS",
      parse: integer(1, 1_000_000),
    }),
    maxPerAddress: value({
      help: "Most connections of one address (IPv6: one /64); a unix socket counts as one",
      value: "COUNT",
      env: "COFFER_MAX_PER_ADDRESS",
      default: "256",
      parse: integer(1, 1_000_000),
    }),
    sessionTimeout: value({
      help: "Time for a complete request, and afterwards without progress",
      value: "SECONDS",
      env: "COFFER_SESSION_TIMEOUT",
      default: "10",
      parse: seconds,
    }),
    deleteAfterLoad: flag({
      help:
        "Remove key file and definition once they are loaded; a new definition is taken on SIGHUP",
      env: "COFFER_DELETE_AFTER_LOAD",
    }),
    log: value({
      help: "Form of the log on standard error: text or json",
      value: "FORM",
      env: "COFFER_LOG",
      default: "text",
      parse: oneOf("text", "json"),
    }),
    logLevel: value({
      help: `Least important events to log: ${
        LOG_LEVELS.join(", ")
      }; unset: RUST_LOG counts, else info`,
      value: "LEVEL",
      env: "COFFER_LOG_LEVEL",
      parse: oneOf(...LOG_LEVELS),
    }),
  },
  notes: [
    "SIGHUP reads key and definition again; on any error the old ones stay. Clients under way are not disturbed.",
    "Without --require-authenticated anybody who knows a client's public key gets its reply, but only the " +
    "client can open it. Such replies are sealed once and kept: an observer sees equal bytes while nothing changes.",
    "Values never show in log, audit or messages. The runtime cannot wipe texts from its memory; the unit file " +
    "switches core dumps off.",
  ],
  outcomes: [
    ["key file missing or unreadable", "Cannot read PATH, with the reason", "1"],
    ["key file writable by others", "Cannot trust PATH, with its mode", "1"],
    ["key file readable by others", "a warning", "-"],
    [
      "key file damaged, halves that do not match",
      "Cannot read the key file PATH, with the reason",
      "1",
    ],
    ["definition with errors", "every one as FILE:LINE:COLUMN: reason", "1"],
    ["definition for another key or damaged", "Cannot open PATH, with the reason", "4"],
    ["definition without the demanded companion", "Cannot open PATH, with the reason", "4"],
    ["address in use or not of this machine", "Cannot listen on ADDRESS, with the reason", "1"],
    ["audit log cannot be opened", "Cannot open PATH, with the reason", "1"],
    ["audit log cannot be written later", "said, and the client gets an Error", "-"],
    ["SIGHUP", "reloaded: +ADDED ~CHANGED -REMOVED, or why not", "-"],
    ["hostile or lost client", "that connection ends, everybody else is served", "-"],
    ["out of descriptors", "out of file descriptors; accepting pauses, then goes on", "-"],
    ["SIGTERM, SIGINT", "everything is closed", "0"],
  ],
  examples: [
    ["Serve this machine", "coffer-server -c server.key -s secrets.sealed"],
    [
      "Serve a network, to clients that prove their key, with an audit log",
      "coffer-server -c server.key -s secrets.sealed -a 0.0.0.0:9187 --require-authenticated --audit-log audit.jsonl",
    ],
    ["Before a reload", "coffer-server -c server.key -s secrets.sealed --check"],
  ],
  exits: [COFFER_EXIT.done, COFFER_EXIT.failed, COFFER_EXIT.usage, COFFER_EXIT.protocol],
  meanings: COFFER_MEANINGS,
} as const satisfies Command;
