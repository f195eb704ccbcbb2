/**
 * The command line of `triba call`.
 *
 * @module
 */

import { asText, type Command, EXIT, flag, oneOf, seconds, value } from "../../../lib/cli/mod.ts";
import { WIRE_OPTIONS } from "./backend.ts";

/** `triba call`. */
export const CALL = {
  name: "triba call",
  summary: "start a backend, ask it something, print the answer, stop it",
  operands: { shown: "[REQUEST...] -- COMMAND...", least: 1, most: 10_000 },
  options: {
    account: value({
      help: "Log in as this account first",
      value: "NAME",
      parse: asText,
    }),
    secretFile: value({
      help: "File whose first line is the account's secret",
      value: "FILE",
      parse: asText,
    }),
    online: flag({ help: "Wait until the backend says that its network is there" }),
    timeout: value({
      help: "Give up when all of it takes longer than this",
      value: "SECONDS",
      default: "30",
      parse: seconds,
    }),
    seal: value({
      help: "Whether sealed-1 is demanded: require or off",
      value: "POLICY",
      default: "off",
      parse: oneOf("require", "off"),
    }),
    handshake: value({
      help: "versioned, or plain for a backend that knows no versions",
      value: "KIND",
      default: "versioned",
      parse: oneOf("versioned", "plain"),
    }),
    ...WIRE_OPTIONS,
    quiet: flag({ help: "Leave out what the backend writes to its standard streams", short: "q" }),
  },
  notes: [
    'A REQUEST is a bare name such as ListRooms, or JSON: {"type": "JoinRoom", "room": "a"} or ' +
    '{"JoinRoom": "a"}. - reads requests from standard input, one a line. SendMessage needs no txn. ' +
    "Without a REQUEST in front, the last word behind -- is one.",
    "Answers are printed in order, one JSON object a line; the first Error ends it.",
  ],
  outcomes: [
    ["all requests are answered", "TYPE", "0"],
    ["the backend answers Error", "CODE", "4"],
    ["the backend wants a login, or refuses it", "unauthenticated", "3"],
    ["login needs more than a secret", "Cannot log in: the backend asks for more, KIND", "4"],
    ["no request, or none that can be read", "Cannot read the request: REASON", "2"],
    ["no command", "Missing COMMAND", "2"],
    ["account without secret, or the other way round", "needs", "2"],
    ["backend ends before the session is open", "Cannot call the backend: REASON", "5"],
    ["backend lost in the middle", "unavailable", "5"],
    ["no answer in time", "No answer within SECONDS s", "5"],
    ["secret file missing or unreadable", "Cannot read FILE: REASON", "6"],
    ["backend not executable, or not there", "Cannot run COMMAND: REASON", "126, 127"],
    ["SIGINT, SIGTERM", "Ended by SIGNAL", "130, 143"],
  ],
  examples: [
    ["The rooms of a backend", "triba call ListRooms -- python3 chat.py"],
    [
      "The last ten messages, for jq",
      'triba call \'{"type": "FetchMessages", "room": "lobby", "limit": 10}\' -- triba echo | jq .messages',
    ],
    [
      "With a login",
      "triba call --account ann --secret-file secret --online ListRooms -- triba irc",
    ],
  ],
  exits: [
    EXIT.done,
    EXIT.failed,
    EXIT.usage,
    EXIT.code,
    EXIT.refused,
    EXIT.unreachable,
    EXIT.file,
    126,
    127,
  ],
  meanings: { 126: "command not executable", 127: "no such command" },
} as const satisfies Command;
