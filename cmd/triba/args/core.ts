/**
 * The command line of `triba core`.
 *
 * @module
 */

import { asText, type Command, EXIT, flag, integer, oneOf, value } from "../../../lib/cli/mod.ts";
import { LOG_LEVELS } from "../../../lib/log/mod.ts";
import { parseControlSocket } from "./control_socket.ts";

/** `triba core`. */
export const CORE = {
  name: "triba core",
  summary: "run chat backends: for you at the terminal, for other programs, or as a bridge",
  operands: { shown: "", least: 0, most: 0 },
  options: {
    config: value({
      help: "The configuration; unset: sallyport/triba.toml in $XDG_CONFIG_HOME, else in /etc",
      short: "c",
      value: "FILE",
      env: "TRIBA_CONFIG",
      parse: asText,
    }),
    state: value({
      help: "Folder for what backends keep; unset: $STATE_DIRECTORY, else in $XDG_STATE_HOME",
      value: "DIR",
      env: "TRIBA_CORE_STATE",
      parse: asText,
    }),
    check: flag({ help: "Read the configuration, say what is wrong with it, and end" }),
    listen: value({
      help: "Let user interfaces attach at this socket, which only you can connect to",
      value: "unix:PATH",
      parse: parseControlSocket,
    }),
    maxInterfaces: value({
      help: "Most user interfaces at once",
      value: "COUNT",
      default: "32",
      parse: integer(1, 1000),
    }),
    json: flag({
      help: "Speak JSON lines on the standard streams; the end of standard input ends the core",
    }),
    log: value({
      help: "Form of the log on standard error: text or json",
      value: "FORM",
      default: "text",
      parse: oneOf("text", "json"),
    }),
    logLevel: value({
      help: `Least important events to log: ${LOG_LEVELS.join(", ")}`,
      value: "LEVEL",
      default: "info",
      parse: oneOf(...LOG_LEVELS),
    }),
  },
  notes: [],
  outcomes: [],
  examples: [
    ["On a terminal: rooms and messages", "triba core --config triba.toml"],
  ],
  exits: [EXIT.done, EXIT.failed, EXIT.usage],
} as const satisfies Command;
