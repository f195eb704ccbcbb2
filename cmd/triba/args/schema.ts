/**
 * The command line of `triba schema`.
 *
 * @module
 */

import { type Command, EXIT } from "../../../lib/cli/mod.ts";

/** `triba schema`. */
export const SCHEMA = {
  name: "triba schema",
  summary: "print the JSON Schema of the lines that a core speaks with user interfaces",
  operands: { shown: "", least: 0, most: 0 },
  options: {},
  notes: [
    "The schema (draft 2020-12) describes one line in either direction: $defs/request is what a user " +
    "interface sends, $defs/message what it gets.",
  ],
  examples: [["Keep it in a file", "triba schema > triba-core.schema.json"]],
  exits: [EXIT.done, EXIT.usage],
} as const satisfies Command;
