/**
 * Options that several commands of `coffer-companion` share.
 *
 * @module
 */

import { asText, flag, list, value } from "../../lib/cli/mod.ts";
import { CofferFault, parseId } from "../../lib/coffer/mod.ts";
import { COFFER_EXIT, COFFER_MEANINGS } from "../../lib/coffer/program.ts";

/** Reads a public key. */
export function parseKey(text: string): Uint8Array<ArrayBuffer> {
  try {
    return parseId(text);
  } catch (error) {
    if (!(error instanceof CofferFault)) throw error;
    throw new RangeError(`must be 64 hexadecimal digits: ${error.message.replace(/^[^:]*: /, "")}`);
  }
}

/** Results as objects. */
export const JSON_OUTPUT = flag({
  help: "Print results as one JSON object a line",
  env: "COFFER_JSON",
});

/** Permission to replace. */
export const FORCE = flag({ help: "Replace a file of this name", env: "COFFER_FORCE" });

/** The definition that a command works on. */
export const SECRETS = value({
  help: "The definition: sealed (then with --certificate), or plain TOML",
  short: "s",
  aliases: ["toml", "yaml"],
  value: "PATH",
  env: "COFFER_SECRETS",
  parse: asText,
});

/** The key that opens it. */
export const CERTIFICATE_FILE = value({
  help: "Key file of the server that the definition is sealed to",
  short: "c",
  value: "PATH",
  env: "COFFER_CERTIFICATE",
  parse: asText,
});

/** Who seals. */
export const FROM = value({
  help: "Key file of this companion: seals so that the server can tell who did " +
    "(coffer-server --companion-key); original servers cannot read it",
  value: "PATH",
  env: "COFFER_FROM",
  parse: asText,
});

/** For whom. */
export const RECIPIENT = value({
  help: "Public key of the server to seal for",
  value: "HEX",
  env: "COFFER_RECIPIENT",
  parse: parseKey,
});

/** Clients. */
export const CLIENTS = list({
  help: "The client, by its id or by its name in the definition; needed where there are several",
  value: "CLIENT",
  env: "COFFER_CLIENT",
  parse: asText,
});

/** Where to. */
export const OUT = value({
  help: "Where to write; - is standard output",
  short: "o",
  value: "PATH",
  parse: asText,
});

/** Exit statuses of all commands. */
export const EXITS = {
  exits: [COFFER_EXIT.done, COFFER_EXIT.failed, COFFER_EXIT.usage, COFFER_EXIT.protocol],
  meanings: COFFER_MEANINGS,
} as const;

/** What can happen to every command that reads a key file. */
export const KEY_OUTCOMES = [
  ["file missing or unreadable", "Cannot read PATH: REASON", "1"],
  [
    "key file writable by others",
    "Cannot trust PATH: others than its owner can write to it (mode MODE)",
    "1",
  ],
  ["key file damaged, halves that do not match", "Cannot read the key file PATH: REASON", "1"],
] as const;

/** What can happen to every command that opens a definition, beside that. */
export const OPENING_OUTCOMES = [
  ["definition with errors", "FILE:LINE:COLUMN: REASON; every one of them", "1"],
  [
    "definition for another key, or damaged",
    "Cannot open PATH: not sealed to this key, or damaged",
    "4",
  ],
] as const;
