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
    trace: value({
      help:
        "Write what is said with each backend to a file in DIR, keys included, for triba decode",
      value: "DIR",
      parse: asText,
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
  notes: [
    "The configuration has a table [backends.NAME] for each backend. What it runs is builtin (echo or irc, " +
    "backends of this program) or command (a list: program and first arguments; the id follows). Then " +
    "arguments (a list, behind the id), environment (a table), sha256 (of the command's file), byte_order " +
    "(big or little), form (compact or tagged), handshake (versioned or plain), seal (require or off: a " +
    "builtin is sealed unless you say so, a command is not), ids (0 or 1, the number of the core's first " +
    "packet), start_timeout (seconds), and account, a table of name and either secret_file (its first line " +
    "is the secret; a path relative to the configuration) or credential (a name in $CREDENTIALS_DIRECTORY).",
    "A table [bridges.NAME] with a and b, each a table of backend and room, forwards the messages of both " +
    "rooms to each other. What a bridge sent is never forwarded, so bridges may share rooms. 200 messages " +
    "wait for a backend that is offline; then the oldest go, and the room is told how many.",
    "On a terminal you talk yourself; /help lists the commands. --listen and --json speak lines of JSON: " +
    "requests with an id, replies, and numbered notices, so that a user interface that comes back misses " +
    "none. triba schema prints what they may hold. Secrets never show in log, messages or notices.",
    "SIGHUP reads the configuration again: added backends start, removed ones stop, changed ones start " +
    "anew, all others go on.",
  ],
  outcomes: [
    ["no configuration", "Cannot find a configuration: there is neither PLACES", "2"],
    ["configuration unreadable", "Cannot read FILE: REASON", "6"],
    ["configuration with errors", "FILE:LINE:COLUMN: REASON; every one of them", "1"],
    ["--check, and all is right", "ok backends=COUNT bridges=COUNT", "0"],
    ["socket of --listen in use", "Cannot listen on unix:PATH: it exists and is in use", "5"],
    ["folder of --trace cannot be made", "Cannot create FOLDER: REASON", "6"],
    ["no place for the backends' socket", "Cannot create a folder in PATH: REASON", "6"],
    [
      "a backend ends by itself",
      "NAME: It exited with code STATUS MOMENT; started again in DELAY ms; its last lines",
      "-",
    ],
    [
      "a backend ends, and no restart will help",
      "NAME: It exited with code STATUS MOMENT; not started again: REASON",
      "-",
    ],
    [
      "a backend cannot be started",
      "NAME: Cannot run COMMAND: REASON; tried again, five times within five minutes",
      "-",
    ],
    ["a user interface that reads too slowly", "gave NAME up: it reads too slowly", "-"],
    ["too many user interfaces", "refused a user interface: too many are attached", "-"],
    ["SIGHUP", "reloaded: +ADDED ~CHANGED -REMOVED", "-"],
    ["SIGHUP, and something is wrong", "not reloaded, the old configuration stays; why", "-"],
    ["end of standard input with --json, Ctrl-D, /quit", "stopped; all backends have ended", "0"],
    ["SIGTERM, SIGINT", "stopped; all backends have ended", "0"],
  ],
  examples: [
    [
      "A configuration",
      '[backends.libera]\n  builtin = "irc"\n  arguments = ["--server", "irc.libera.chat", "--nick", "me"]\n' +
      '  account = { name = "me", secret_file = "libera.secret" }',
    ],
    ["On a terminal: rooms and messages", "triba core --config triba.toml"],
    [
      "For user interfaces, as a service of yours",
      "triba core --config triba.toml --listen unix:$XDG_RUNTIME_DIR/triba/core.sock",
    ],
    [
      "From a script",
      'echo \'{"id": 1, "type": "status"}\' | triba core --config triba.toml --json',
    ],
  ],
  exits: [EXIT.done, EXIT.failed, EXIT.usage, EXIT.unreachable, EXIT.file],
} as const satisfies Command;
