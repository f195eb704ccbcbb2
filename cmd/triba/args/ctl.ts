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
      help: "The socket of the core: what its --listen says",
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
  notes: [],
  outcomes: [],
  examples: [
    ["How all backends are", "triba ctl status --socket unix:$XDG_RUNTIME_DIR/triba.sock"],
  ],
  exits: [EXIT.done, EXIT.failed, EXIT.usage, EXIT.refused, EXIT.unreachable],
} as const satisfies Command;
