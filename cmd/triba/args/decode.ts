/**
 * The command line of `triba decode`.
 *
 * @module
 */

import { type Command, EXIT, flag } from "../../../lib/cli/mod.ts";

/** `triba decode`. */
export const DECODE = {
  name: "triba decode",
  summary: "show what a core and its backends said, from the traces of triba core --trace",
  operands: { shown: "FILE...", least: 1, most: 10_000 },
  options: {
    json: flag({ help: "Print one JSON object a line" }),
  },
  notes: [
    "A trace holds the keys of its connection; they are used and never shown, and secrets of logins " +
    "are masked. - reads standard input.",
  ],
  outcomes: [
    ["read to the end", "TIME core>backend request ID BODY", "0"],
    ["no trace", "FILE: Cannot read the trace: it is no trace of this version", "1"],
    ["damaged", "FILE: Cannot read the trace: the record at byte OFFSET is damaged, REASON", "1"],
    ["cut off", "FILE: Cannot read the trace: it is cut off in the record at byte OFFSET", "1"],
    ["file missing or unreadable", "Cannot read FILE: REASON", "6"],
  ],
  examples: [
    ["Record, then look", "triba core --trace traces && triba decode traces/*"],
    ["Requests of the core only", "triba decode --json FILE | jq 'select(.from == \"core\")'"],
  ],
  exits: [EXIT.done, EXIT.failed, EXIT.usage, EXIT.file],
} as const satisfies Command;
