/**
 * The command line of `triba tap`.
 *
 * @module
 */

import { asText, type Command, flag, oneOf, value } from "../../../lib/cli/mod.ts";
import { BACKEND_EXITS } from "./backend.ts";

/** `triba tap`. */
export const TAP = {
  name: "triba tap",
  summary: "stand between a core and a backend and show what they say to each other",
  operands: { shown: "-- COMMAND...", least: 0, most: 10_000 },
  options: {
    output: value({
      help: "Append to this file, which only you can read, instead of standard error",
      short: "o",
      value: "FILE",
      parse: asText,
    }),
    json: flag({ help: "One JSON object a line" }),
    byteOrder: value({
      help: "Order of the bytes of a packet's size: big, little, or auto, as the first packet says",
      value: "ORDER",
      default: "auto",
      parse: oneOf("auto", "big", "little"),
    }),
  },
  notes: [
    "A core starts it as if it were the backend: put it in front of the backend's command in the core's " +
    "configuration. It starts the backend with an id of its own and passes every packet on as it is, " +
    "with sealed-1 too; form, byte order, version and features are those of the two sides.",
    "What it shows holds all that is said, in clear. Secrets of logins are masked.",
  ],
  outcomes: [
    ["the backend ends", "backend exited with CODE", "the backend's, or 128 + its signal"],
    ["no command", "Missing argument: COMMAND", "64"],
    ["no id in the command", "Cannot find the id of the core among the arguments: REASON", "64"],
    ["no core there", "Cannot connect to the core at ADDRESS: REASON", "69"],
    [
      "spawn secret missing or damaged",
      "Cannot read the spawn secret on standard input: REASON",
      "76",
    ],
    ["what cannot be passed on", "Cannot WHAT: REASON; both connections are closed", "76"],
    ["file for --output cannot be written", "Cannot WHAT FILE: REASON", "78"],
    ["backend not executable, or not there", "Cannot run COMMAND: REASON", "126, 127"],
  ],
  examples: [
    [
      "In the configuration of a core",
      '[backends.chat]\n  command = ["triba", "tap", "--", "python3", "chat.py"]',
    ],
    [
      "Keep it for later",
      "triba tap --json --output chat.jsonl -- python3 chat.py",
    ],
  ],
  exits: [0, 64, 69, 76, 77, 78, 126, 127],
  meanings: { ...BACKEND_EXITS, 126: "command not executable", 127: "no such command" },
  stopsAtOperand: true,
} as const satisfies Command;
