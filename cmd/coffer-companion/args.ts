/**
 * The command lines of `coffer-companion`.
 *
 * @module
 */

import { asText, type Command, flag, oneOf, value } from "../../lib/cli/mod.ts";
import {
  CERTIFICATE_FILE,
  CLIENTS,
  EXITS,
  FORCE,
  FROM,
  JSON_OUTPUT,
  KEY_OUTCOMES,
  OPENING_OUTCOMES,
  OUT,
  RECIPIENT,
  SECRETS,
} from "./options.ts";

const NONE = { shown: "", least: 0, most: 0 } as const;
const KEY_FILE = { shown: "PATH", least: 1, most: 1 } as const;
const KEY = { shown: "KEY", least: 1, most: 1 } as const;
const OPEN = { secrets: SECRETS, certificate: CERTIFICATE_FILE } as const;

const EXACT = flag({
  help: "Take or give the value as it is: no line feed is cut off or added",
  env: "COFFER_EXACT",
});

/** Makes a key pair. */
export const CERTIFICATE = {
  name: "coffer-companion certificate",
  summary: "make a key pair and write it to a file that only you can read",
  operands: KEY_FILE,
  options: { force: FORCE, json: JSON_OUTPUT },
  outcomes: [
    ["written", "saved PATH ID", "0"],
    [
      "the file exists",
      "Cannot create PATH: a file of this name exists already; --force replaces it",
      "1",
    ],
  ],
  examples: [["A key for a server", "coffer-companion certificate server.key"]],
  ...EXITS,
} as const satisfies Command;

/** Shows the public key. */
export const ID = {
  name: "coffer-companion id",
  summary: "show the public key of a key file: the id of a client in a definition",
  operands: KEY_FILE,
  options: { json: JSON_OUTPUT },
  outcomes: KEY_OUTCOMES,
  examples: [["For the definition", "coffer-companion id web.key"]],
  ...EXITS,
} as const satisfies Command;

/** Shows both keys. */
export const INFO = {
  name: "coffer-companion info",
  summary: "show both keys of a key file, the secret one too; use id for the public one",
  operands: KEY_FILE,
  options: {
    showSecret: flag({
      help: "Show the secret key on a terminal; elsewhere it is always given",
      env: "COFFER_SHOW_SECRET",
    }),
  },
  outcomes: KEY_OUTCOMES,
  examples: [["Look at a key", "coffer-companion info --show-secret server.key"]],
  ...EXITS,
} as const satisfies Command;

/** Finds what is wrong. */
export const CHECK = {
  name: "coffer-companion check",
  summary: "find what is wrong with a definition, and what is worth a second look",
  operands: { shown: "[PATH]", least: 0, most: 1 },
  options: { ...OPEN, json: JSON_OUTPUT },
  notes: [
    "Warned of: entries too large for the narrow framing, names that are no variables, and one name with " +
    "different values in two clients of one group, where a change may have been forgotten.",
  ],
  outcomes: [
    ["no errors", "ok clients=COUNT entries=COUNT warnings=COUNT; warnings before it", "0"],
    ...KEY_OUTCOMES,
    ...OPENING_OUTCOMES,
  ],
  examples: [
    ["Before sealing", "coffer-companion check secrets.toml"],
    ["What is sealed", "coffer-companion check -c server.key secrets.sealed"],
  ],
  ...EXITS,
} as const satisfies Command;

/** Seals. */
export const ENCRYPT = {
  name: "coffer-companion encrypt",
  summary: "seal a definition for a server",
  operands: NONE,
  options: {
    certificate: CERTIFICATE_FILE,
    recipient: RECIPIENT,
    yaml: value({
      help: "The definition, in TOML; - is standard input",
      short: "y",
      aliases: ["toml"],
      value: "PATH",
      parse: asText,
    }),
    out: OUT,
    from: FROM,
    noCheck: flag({
      help: "Seal whatever it is, as the original program does",
      env: "COFFER_NO_CHECK",
    }),
  },
  notes: [
    "The server's public key is enough (--recipient): who seals need not be able to open.",
  ],
  outcomes: [
    ["sealed", "saved PATH SIZE", "0"],
    ...KEY_OUTCOMES,
    OPENING_OUTCOMES[0],
    ["--out names a key file", "Cannot write PATH: it is a key file", "1"],
  ],
  examples: [
    [
      "With the server's public key",
      "coffer-companion encrypt --recipient CC02...6A -y secrets.toml -o secrets.sealed",
    ],
    [
      "Naming yourself",
      "coffer-companion encrypt -c server.key --from me.key --toml secrets.toml -o secrets.sealed",
    ],
  ],
  ...EXITS,
} as const satisfies Command;

/** Opens. */
export const DECRYPT = {
  name: "coffer-companion decrypt",
  summary: "open a sealed definition",
  operands: NONE,
  options: { ...OPEN, out: OUT, force: FORCE },
  notes: ["Without --out the definition goes to standard output. A file is readable by you only."],
  outcomes: [["opened", "TOML", "0"], ...KEY_OUTCOMES, ...OPENING_OUTCOMES],
  examples: [["Look at it", "coffer-companion decrypt -c server.key -s secrets.sealed"]],
  ...EXITS,
} as const satisfies Command;

/** Names what there is. */
export const LIST = {
  name: "coffer-companion list",
  summary: "list clients with the names and types of their entries, no values",
  operands: NONE,
  options: { ...OPEN, json: JSON_OUTPUT },
  outcomes: [...KEY_OUTCOMES, ...OPENING_OUTCOMES],
  examples: [["Who has what", "coffer-companion list -c server.key -s secrets.sealed"]],
  ...EXITS,
} as const satisfies Command;

/** One value. */
export const GET = {
  name: "coffer-companion get",
  summary: "print the value of one entry, as a program would find it in its environment",
  operands: KEY,
  options: { ...OPEN, client: CLIENTS, exact: EXACT },
  outcomes: [
    ["found", "VALUE; and a line feed if it does not end in one", "0"],
    ["no such client", "Cannot tell client NAME: there is none of this name", "1"],
    ["no such entry", "Cannot get KEY: CLIENT has none", "1"],
    ...KEY_OUTCOMES,
    ...OPENING_OUTCOMES,
  ],
  examples: [[
    "One password",
    "coffer-companion get DB_PASSWORD --client web -c server.key -s secrets.sealed",
  ]],
  ...EXITS,
} as const satisfies Command;

const CHANGE = { ...OPEN, client: CLIENTS, from: FROM } as const;

const CHANGED_NOTE =
  "The file is replaced in one step, in the form that it had. Comments and layout stay as they are.";

/** Adds or replaces. */
export const SET = {
  name: "coffer-companion set",
  summary: "set one entry to what standard input says",
  operands: KEY,
  options: {
    ...CHANGE,
    type: value({
      help: "Type of the value: String, Integer, Float, Boolean, Date",
      value: "TYPE",
      env: "COFFER_TYPE",
      default: "String",
      parse: oneOf("String", "Integer", "Float", "Boolean", "Date"),
    }),
    exact: EXACT,
  },
  notes: [
    CHANGED_NOTE,
    "On a terminal the value is asked for and not shown. Else it is read from standard input: the line feed at " +
    "the end of a single line is cut off, several lines (a PEM file) are taken as they are.",
  ],
  outcomes: [
    ["set", "set KEY for CLIENT", "0"],
    ["no such client", "Cannot tell client NAME: there is none of this name", "1"],
    ["value of another type", "Cannot use the value: it is no TYPE as TOML writes it", "2"],
    ...KEY_OUTCOMES,
    ...OPENING_OUTCOMES,
  ],
  examples: [
    [
      "One password for two clients",
      "pwgen -s 24 1 | coffer-companion set DB_PASSWORD --client web --client db -c server.key -s secrets.sealed",
    ],
    [
      "A certificate",
      "coffer-companion set TLS_KEY --client web -s secrets.toml < key.pem",
    ],
  ],
  ...EXITS,
} as const satisfies Command;

/** Takes away. */
export const UNSET = {
  name: "coffer-companion unset",
  summary: "take one entry away",
  operands: KEY,
  options: CHANGE,
  notes: [CHANGED_NOTE],
  outcomes: [
    ["taken away", "unset KEY for CLIENT", "0"],
    ["no such client", "Cannot tell client NAME: there is none of this name", "1"],
    ["no such entry", "Cannot change the definition: the client has no KEY", "1"],
    ...KEY_OUTCOMES,
    ...OPENING_OUTCOMES,
  ],
  examples: [["Forget it", "coffer-companion unset OLD_TOKEN --client web -s secrets.toml"]],
  ...EXITS,
} as const satisfies Command;

/** By hand. */
export const EDIT = {
  name: "coffer-companion edit",
  summary: "open a definition in your editor and seal it again",
  operands: NONE,
  options: { ...OPEN, from: FROM },
  notes: [
    "The editor is $VISUAL, $EDITOR or vi. It gets a file that only you can read, in a folder of its own, in memory " +
    "where there is such a place ($XDG_RUNTIME_DIR, /dev/shm). Both are removed whatever happens.",
  ],
  outcomes: [
    ["saved", "saved PATH SIZE", "0"],
    ["nothing changed", "Nothing has changed", "0"],
    ["editor fails or is killed", "The editor failed: it REASON; the definition stays", "1"],
    ["errors in what was written", "FILE:LINE:COLUMN: REASON; on a terminal you may go on", "1"],
    ...KEY_OUTCOMES,
    ...OPENING_OUTCOMES,
    ["SIGTERM, SIGHUP", "Ended by SIGNAL; the editor too, the definition stays", "143, 129"],
  ],
  examples: [["Edit it", "coffer-companion edit -c server.key -s secrets.sealed"]],
  ...EXITS,
} as const satisfies Command;

/** Tells two apart. */
export const DIFF = {
  name: "coffer-companion diff",
  summary: "show what is different between two definitions: names only",
  operands: { shown: "OLD NEW", least: 2, most: 2 },
  options: { certificate: CERTIFICATE_FILE, json: JSON_OUTPUT },
  notes: ["+ is new, - is gone, ~ has another value. Each of the two may be sealed or plain."],
  outcomes: [
    ["different", "CHANGE CLIENT KEY; a line for each, nothing if there is none", "0"],
    ...KEY_OUTCOMES,
    ...OPENING_OUTCOMES,
  ],
  examples: [["Before a reload", "coffer-companion diff -c server.key secrets.sealed new.toml"]],
  ...EXITS,
} as const satisfies Command;

/** For original servers. */
export const CONVERT = {
  name: "coffer-companion convert",
  summary: "rewrite a definition so that an original server can serve it",
  operands: { shown: "[PATH]", least: 0, most: 1 },
  options: { ...OPEN, out: OUT, force: FORCE },
  notes: [
    "What the original would change or end over is refused: dates, integers beyond 32 bits, floats that need 64, " +
    "clients without entries. A sealed definition is sealed again (with --out), a plain one stays plain. " +
    "Comments are not carried over.",
  ],
  outcomes: [
    ["converted", "saved PATH SIZE; or the TOML; warnings before it", "0"],
    ...KEY_OUTCOMES,
    ...OPENING_OUTCOMES,
  ],
  examples: [["For an original server", "coffer-companion convert secrets.toml -o original.toml"]],
  ...EXITS,
} as const satisfies Command;

/** For another server key. */
export const ROTATE = {
  name: "coffer-companion rotate",
  summary: "seal a definition again, to another key of the server",
  operands: NONE,
  options: {
    ...OPEN,
    to: value({
      help: "The server's new key file; or give its public key with --recipient",
      value: "PATH",
      env: "COFFER_TO",
      parse: asText,
    }),
    recipient: RECIPIENT,
    from: FROM,
    out: OUT,
  },
  notes: [
    "Without --out the file is replaced. Then give the new key file to the server and reload it (SIGHUP).",
  ],
  outcomes: [["sealed again", "saved PATH SIZE", "0"], ...KEY_OUTCOMES, ...OPENING_OUTCOMES],
  examples: [[
    "A new server key",
    "coffer-companion rotate -c old.key -s secrets.sealed --to new.key",
  ]],
  ...EXITS,
} as const satisfies Command;
