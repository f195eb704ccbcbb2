/**
 * The command line of `triba ctl`.
 *
 * @module
 */

import { type Command, EXIT, flag, integer, value } from "../../../lib/cli/mod.ts";
import { parseControlSocket } from "./control_socket.ts";

/** `triba ctl`. */
export const CTL = {
  name: "triba ctl",
  summary: "ask a running core how its backends are, restart one, read its log",
  operands: { shown: "status|restart|stop|logs [NAME]", least: 1, most: 2 },
  options: {
    socket: value({
      help:
        "What --listen of the core says; unset: triba/core.sock in $XDG_RUNTIME_DIR, as its unit",
      short: "s",
      value: "unix:PATH",
      env: "TRIBA_CONTROL",
      parse: parseControlSocket,
    }),
    lines: value({
      help: "Most lines of the log to show",
      short: "n",
      value: "COUNT",
      default: "100",
      parse: integer(1, 1000),
    }),
    json: flag({ help: "Print results as one JSON object a line" }),
  },
  notes: [
    "status shows all backends, or one; restart and stop wait until the old run has ended. logs shows what " +
    "a backend wrote, and what the core said about it; at most 1000 lines are kept.",
  ],
  outcomes: [
    ["answered", "NAME: STATE", "0"],
    ["unknown action", "Unknown action WORD", "2"],
    ["no backend named", "Missing argument: the name of a backend", "2"],
    ["no socket named", "Missing option --socket", "2"],
    ["no core there", "Cannot connect to unix:PATH: nobody listens there", "5"],
    ["core lost", "Cannot ask the core: it closed the connection", "5"],
    ["something else listens there", "Cannot ask the core: REASON", "4"],
    ["no such backend", "The core refused: REASON", "4"],
  ],
  examples: [
    ["How all backends are", "triba ctl status"],
    ["Of a core that listens elsewhere", "triba ctl status --socket unix:/run/chat/core.sock"],
    ["Why one does not start", "triba ctl logs libera -n 20"],
    ["Start it again, in a script", "triba ctl restart libera --json"],
  ],
  exits: [EXIT.done, EXIT.failed, EXIT.usage, EXIT.refused, EXIT.unreachable],
} as const satisfies Command;
