import { assert, assertEquals } from "@std/assert";
import {
  asText,
  type Command,
  flag,
  formatHelp,
  formatProgramHelp,
  integer,
  list,
  value,
} from "../../../lib/cli/mod.ts";

const WIDTH = 96;

const SEND: Command = {
  name: "relay send",
  summary: "send files",
  operands: { shown: "PATH...", least: 1, most: 9 },
  options: {
    port: value({ help: "Port to use", value: "PORT", parse: integer(1, 9), default: "7" }),
    maxSize: value({
      help: "Refuse more than this",
      value: "SIZE",
      parse: asText,
      short: "m",
      aliases: ["limit", "most"],
      env: "TEST_MAX",
    }),
    allow: list({ help: "Allow an address", value: "ADDRESS", parse: asText }),
    aVeryLongOptionNameIndeed: flag({ help: "Explained below" }),
    wordy: flag({ help: Array<string>(40).fill("word").join(" ") }),
  },
  notes: ["A note.", Array<string>(60).fill("text").join(" ")],
  examples: [["Send a file", "relay send a.txt"]],
  exits: [0, 6],
};

const EXPECTED = `relay send: send files

Usage: relay send [OPTIONS] PATH...

Options:
      --port PORT             Port to use (default 7)
  -m, --max-size SIZE         Refuse more than this (also --limit, --most; env TEST_MAX)
      --allow ADDRESS         Allow an address (repeatable)
      --a-very-long-option-name-indeed
                              Explained below
      --wordy                 word word word word word word word word word word word word word
                              word word word word word word word word word word word word word
                              word word word word word word word word word word word word word
                              word
  -h, --help                  Show this help
  -V, --version               Show the version

A note.

text text text text text text text text text text text text text text text text text text text
text text text text text text text text text text text text text text text text text text text
text text text text text text text text text text text text text text text text text text text
text text text

Examples:
  # Send a file
  relay send a.txt

Exit status:
  0                           done
  6                           local file: exists, unreadable, or no room`;

Deno.test("formatHelp shows all that the tables say", () => {
  assertEquals(formatHelp(SEND), EXPECTED);
});

Deno.test("formatHelp leaves out what there is not", () => {
  const command: Command = {
    name: "coffer-server",
    summary: "serve",
    operands: { shown: "", least: 0, most: 0 },
    options: {},
    examples: [],
    exits: [],
  };
  assertEquals(
    formatHelp(command),
    `coffer-server: serve

Usage: coffer-server [OPTIONS]

Options:
  -h, --help                  Show this help
  -V, --version               Show the version

Exit status:`,
  );
});

Deno.test("formatHelp shows what can happen with its exit status", () => {
  const help = formatHelp({
    ...SEND,
    outcomes: [["no relay answers", "Cannot connect", "5"], ["a file is skipped", "named", "-"]],
  });
  assert(help.includes(`
What can happen, with the exit status ([-] goes on):
  no relay answers            [5] Cannot connect
  a file is skipped           [-] named

Examples:`));
});

Deno.test("formatHelp shows what a status means for this command", () => {
  const help = formatHelp({ ...SEND, meanings: { 6: "a definition that is none" } });
  assert(help.endsWith(`
  0                           done
  6                           a definition that is none`));
});

Deno.test("formatHelp breaks lines at spaces only, never beyond 96 columns", () => {
  const long = "x".repeat(150);
  const help = formatHelp({
    ...SEND,
    notes: [`before ${long} after`],
    options: { wide: flag({ help: `see ${long} there` }) },
  });
  for (const line of help.split("\n")) {
    assert(line.length <= WIDTH || line.trim() === long, line);
    assertEquals(line.trimEnd(), line);
  }
  assert(help.includes(`\n${" ".repeat(30)}${long}\n${" ".repeat(30)}there`));
});

Deno.test("formatProgramHelp shows commands by the word that chooses them", () => {
  const help = formatProgramHelp({
    name: "relay",
    summary: "move files",
    commands: [SEND, { ...SEND, name: "relay serve", summary: "run a relay" }],
    examples: [["Send", "relay send a.txt"]],
  });
  assertEquals(
    help,
    `relay: move files

Usage: relay COMMAND [OPTIONS]

Commands:
  send                        send files
  serve                       run a relay

Examples:
  # Send
  relay send a.txt

Run "relay COMMAND --help" for the options of a command.`,
  );
});
