/**
 * The command line of `triba check`.
 *
 * @module
 */

import {
  asText,
  type Command,
  EXIT,
  flag,
  integer,
  list,
  oneOf,
  seconds,
  value,
} from "../../../lib/cli/mod.ts";

/** Exit statuses of its own. */
export const CHECK_EXIT = { notExecutable: 126, missing: 127 } as const;

/** Reads `NAME=VALUE`. */
function parseVariable(text: string): readonly [string, string] {
  const [, name = "", content = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new RangeError("must be NAME=VALUE");
  return [name, content];
}

/** `triba check`. */
export const CHECK = {
  name: "triba check",
  summary: "test a foreign backend, or a core, against the protocol",
  operands: { shown: "-- COMMAND...", least: 0, most: 10_000 },
  stopsAtOperand: true,
  options: {
    core: flag({ help: "Test a core: COMMAND starts one that runs {backend} as its backend" }),
    only: list({
      help: "Run only the points whose id begins so, such as H05 or F",
      value: "ID",
      parse: asText,
    }),
    list: flag({ help: "List the points and end" }),
    strict: flag({ help: "A should that does not hold counts as well" }),
    byteOrder: value({
      help: "Order of the bytes of a size: big or little",
      value: "ORDER",
      default: "big",
      parse: oneOf("big", "little"),
    }),
    form: value({
      help: "How the core's packets are written: compact or tagged",
      value: "FORM",
      default: "compact",
      parse: oneOf("compact", "tagged"),
    }),
    handshake: value({
      help:
        "With the version exchange (versioned), without (plain), or as the backend wants (auto)",
      value: "KIND",
      default: "auto",
      parse: oneOf("auto", "versioned", "plain"),
    }),
    room: value({
      help: "A room of the backend that the check may write messages to",
      value: "ID",
      parse: asText,
    }),
    env: list({
      help: "A variable for the program under test",
      value: "NAME=VALUE",
      parse: parseVariable,
    }),
    timeout: value({
      help: "How long to wait for each answer",
      value: "SECONDS",
      default: "5",
      parse: seconds,
    }),
    parallel: value({
      help: "How many points to run at the same time",
      value: "COUNT",
      default: "4",
      parse: integer(1, 64),
    }),
    junit: value({
      help: "Write the results as JUnit's XML to a file; - is standard output",
      value: "FILE|-",
      parse: asText,
    }),
    json: flag({ help: "Print one JSON object for each point, and one for the summary" }),
    quiet: flag({ help: "Print only what does not hold, and the summary", short: "q" }),
  },
  notes: [
    "COMMAND is started anew for most points, as a core starts a backend: with a fresh id behind it, " +
    "or in place of {id}. Nothing is written to the network behind it unless --room names a room.",
    "Levels: must is what the document says, and what nobody can talk to a core without; should is what " +
    "this project decided where the document is silent; may is the extension sealed-1, skipped for " +
    "backends that do not offer it.",
    "With --core, COMMAND starts a core, anew for most points. {backend} in it stands for the path of the " +
    "backend that the core has to run by itself: a script, which tells the checker of its start; {folder} " +
    "stands for a private folder, for a configuration that is written on the way. The core may end " +
    "on SIGTERM. --handshake and --room mean nothing there.",
  ],
  outcomes: [
    ["every must holds", "passed: must N of N, should N of N, may N of N", "0"],
    ["a must fails, or cannot be found out", "failed: must N of N", "1"],
    ["a should fails", "passed: must N of N", "0"],
    ["a should fails, with --strict", "failed: must N of N", "1"],
    ["the program under test hangs", "failed: must N of N; it is killed", "1"],
    ["no such point", 'No point begins with "ID"', "2"],
    ["no command", "Missing argument: -- COMMAND...", "2"],
    ["a core without a place for its backend", "COMMAND... with {backend} in it", "2"],
    ["the command is not there", 'Cannot run "COMMAND": no such command', "127"],
    ["it cannot be run", 'Cannot run "COMMAND": not an executable file', "126"],
    ["the report cannot be written", 'Cannot write "FILE": REASON', "6"],
    ["SIGINT, SIGTERM", "Ended by SIGNAL", "130, 143"],
  ],
  examples: [
    ["A backend in Python", "triba check -- python3 my_backend.py"],
    ["Its id in the middle of the command line", "triba check -- my-backend --id {id} --verbose"],
    [
      "Messages too, and a report for CI",
      "triba check --room echo --junit report.xml -- triba echo",
    ],
    ["What is checked", "triba check --list"],
    [
      "A core that takes its backend as an argument",
      "triba check --core -- my-core --backend {backend}",
    ],
    [
      "A core with a configuration",
      'triba check --core -- sh -c \'printf "[backends.check]\\ncommand = [\\"$1\\"]\\n" >$2/t.toml; ' +
      "exec triba core --config $2/t.toml --state $2' sh {backend} {folder}",
    ],
  ],
  exits: [
    EXIT.done,
    EXIT.failed,
    EXIT.usage,
    EXIT.file,
    CHECK_EXIT.notExecutable,
    CHECK_EXIT.missing,
  ],
  meanings: {
    0: "every must holds",
    1: "a must does not hold",
    126: "the command cannot be run",
    127: "the command is not there",
  },
} as const satisfies Command;
