/**
 * The command line of `triba echo`.
 *
 * @module
 */

import { asText, type Command, list, oneOf, seconds, value } from "../../../lib/cli/mod.ts";
import { BACKEND_EXITS, WIRE_OPTIONS } from "./backend.ts";

/** Reads a time that may be nothing at all. */
function secondsOrNone(text: string): number {
  return /^0(?:\.0+)?$/.test(text) ? 0 : seconds(text);
}

/** `triba echo`. */
export const ECHO = {
  name: "triba echo",
  summary: "a backend without a network: a user called echo says what you say",
  operands: { shown: "ID [SOCKET]", least: 0, most: 0 },
  options: {
    room: list({
      help: "One more room that is there from the start",
      value: "NAME",
      parse: asText,
    }),
    delay: value({
      help: "How long echo seems to write before it answers; 0 answers at once",
      value: "SECONDS",
      default: "0.3",
      parse: secondsOrNone,
    }),
    login: value({
      help: "What it wants before it shows rooms: none, secret (any), or steps (a question too)",
      value: "KIND",
      default: "none",
      parse: oneOf("none", "secret", "steps"),
    }),
    ...WIRE_OPTIONS,
  },
  notes: [
    "A core starts it: with the id as first argument, and the socket in TRIBA_SOCKET. Nobody types " +
    "that; put it into the configuration of a core, or try it with triba call or triba check.",
    "Its source, cmd/triba/echo, is the model for backends of your own.",
  ],
  outcomes: [
    ["the core says Shutdown, or SIGTERM, SIGINT", "stopped", "0"],
    ["no id, or none that can be read", "Cannot read the id in the first argument: REASON", "64"],
    ["wrong option", "Unknown option NAME", "64"],
    ["no core there", "Cannot connect to the core at ADDRESS: REASON", "69"],
    ["no socket found", "Cannot find the core: REASON", "69"],
    ["core gone", "Stream ended without Shutdown", "69"],
    [
      "spawn secret missing or damaged",
      "Cannot read the spawn secret on standard input: REASON",
      "76",
    ],
    ["core breaks the protocol", "Cannot WHAT: REASON", "76"],
    ["core refuses the id", "Stream ended right after the id: the core refuses it", "77"],
  ],
  examples: [
    ["In the configuration of a core", '[backends.echo]\n  builtin = "echo"'],
    ["One request, without a core", "triba call ListRooms -- triba echo"],
  ],
  exits: [0, 64, 69, 76, 77],
  meanings: BACKEND_EXITS,
} as const satisfies Command;
