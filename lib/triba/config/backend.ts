/**
 * One backend of a configuration: a table `[backends.NAME]`.
 *
 * @module
 */

import { oneOf } from "../../cli/mod.ts";
import type { TableReader } from "../../toml/mod.ts";
import { TIMEOUTS } from "../constants.ts";
import type { BackendAccount, BackendSpec } from "../core/control.ts";

/** How a backend of this program's own is started. */
export interface Builtin {
  /** The program and what comes before the id. */
  readonly command: readonly string[];
  /** What it needs to be found and started. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a configuration refers to. */
export interface ConfigContext {
  /** The folder that paths of secret files are relative to: that of the configuration. */
  readonly folder: string;
  /** `$CREDENTIALS_DIRECTORY`, where the service manager puts secrets. */
  readonly credentials: string | undefined;
  /** The backends of this program's own, by name. */
  readonly builtins: ReadonlyMap<string, Builtin>;
}

const NAME = /^[a-z0-9_-]{1,32}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What the core sets for every backend (section 3.3). */
const RESERVED = /^TRIBA_/;
const LONGEST_START_SECONDS = 3600;

/** Reads a backend; undefined if what is wrong with it leaves nothing to run. */
export function readBackend(
  name: string,
  reader: TableReader,
  context: ConfigContext,
): BackendSpec | undefined {
  if (!NAME.test(name)) {
    reader.report('the name of a backend must have 1 to 32 of "a-z", "0-9", "-", "_"');
  }
  const start = readStart(reader, context);
  const own = reader.has("builtin");
  const handshake = reader.text("handshake", oneOf("versioned", "plain")) ?? "versioned";
  const seal = reader.text("seal", oneOf("require", "off")) ?? (own ? "require" : "off");
  if (seal === "require" && handshake === "plain") {
    const reason = reader.has("seal")
      ? '"seal" cannot be required where "handshake" is plain'
      : 'a builtin is sealed, which "handshake" plain cannot be: set "seal" to off too';
    reader.report(reason, reader.place(reader.has("seal") ? "seal" : "handshake"));
  }
  const spec = {
    name,
    command: start?.command ?? [],
    arguments: checkWords(reader, "arguments", reader.texts("arguments") ?? []),
    environment: { ...start?.environment, ...readEnvironment(reader) },
    sha256: reader.text("sha256", readSha256),
    byteOrder: reader.text("byte_order", oneOf("big", "little")) ?? "big",
    form: reader.text("form", oneOf("compact", "tagged")) ?? "compact",
    handshake,
    seal,
    firstId: readFirstId(reader),
    connectMs: readStartTimeout(reader),
    account: readAccount(reader, context),
  };
  if (own && spec.sha256 !== undefined) {
    reader.report('"sha256" belongs to a "command", not to a builtin', reader.place("sha256"));
  }
  reader.end();
  return start === undefined ? undefined : spec;
}

function readStart(
  reader: TableReader,
  { builtins }: ConfigContext,
): Builtin | undefined {
  const builtin = reader.text("builtin", oneOf(...builtins.keys()));
  const command = reader.texts("command");
  if (reader.has("builtin") === reader.has("command")) {
    reader.report(
      reader.has("command")
        ? 'either "builtin" or "command", not both'
        : '"builtin" or "command" is missing',
    );
    return undefined;
  }
  if (builtin !== undefined) return builtins.get(builtin);
  if (command === undefined) return undefined;
  checkWords(reader, "command", command);
  if (command.length > 0 && command[0] !== "") return { command, environment: {} };
  reader.report('"command" must name a program', reader.place("command"));
  return undefined;
}

/** The system ends words at a NUL. */
function checkWords(
  reader: TableReader,
  key: string,
  words: readonly string[],
): readonly string[] {
  if (words.some((word) => word.includes("\0"))) {
    reader.report(`"${key}" must not hold NUL`, reader.place(key));
  }
  return words;
}

function readEnvironment(reader: TableReader): Record<string, string> {
  const variables = reader.textTable("environment", (name, text) => {
    if (!VARIABLE.test(name)) throw new RangeError("is no name of a variable");
    if (RESERVED.test(name)) throw new RangeError("is set by the core");
    if (text.includes("\0")) throw new RangeError("must not hold NUL");
    return text;
  });
  return Object.fromEntries(variables ?? []);
}

function readSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new RangeError("must be 64 hex digits");
}

/** Number of the first packet (section 6.2). */
function readFirstId(reader: TableReader): 0 | 1 {
  const number = reader.number("ids", 0, 1) ?? 0;
  if (number !== 0 && number !== 1) reader.report('"ids" must be 0 or 1', reader.place("ids"));
  return number === 1 ? 1 : 0;
}

function readStartTimeout(reader: TableReader): number {
  const seconds = reader.number("start_timeout", 0.1, LONGEST_START_SECONDS);
  return seconds === undefined ? TIMEOUTS.connectMs : Math.ceil(seconds * 1000);
}

function readAccount(
  backend: TableReader,
  { folder, credentials }: ConfigContext,
): BackendAccount | undefined {
  const reader = backend.table("account");
  if (reader === undefined) return undefined;
  const name = reader.requiredText("name", notEmpty);
  const file = reader.text("secret_file", notEmpty);
  const credential = reader.text("credential", readCredential);
  reader.end();
  if (reader.has("secret_file") === reader.has("credential")) {
    reader.report('an account needs either "secret_file" or "credential"');
  }
  if (credential !== undefined && (credentials === undefined || credentials === "")) {
    reader.report(
      '"credential" needs a service manager that sets $CREDENTIALS_DIRECTORY; without one, use "secret_file"',
      reader.place("credential"),
    );
  }
  const secretFile = file !== undefined
    ? file.startsWith("/") ? file : `${folder}/${file}`
    : credential !== undefined
    ? `${credentials}/${credential}`
    : undefined;
  return name === undefined || secretFile === undefined ? undefined : { name, secretFile };
}

function readCredential(text: string): string {
  if (/^[A-Za-z0-9_.-]{1,255}$/.test(text) && !/^\.\.?$/.test(text)) return text;
  throw new RangeError("must be the name of a credential, not a path");
}

/** Reads a text that must say something. */
export function notEmpty(text: string): string {
  if (text === "" || text.includes("\0")) throw new RangeError("must not be empty or hold NUL");
  return text;
}
