/**
 * The command line of `triba irc`.
 *
 * @module
 */

import {
  asText,
  type Command,
  flag,
  integer,
  list,
  oneOf,
  seconds,
  value,
} from "../../../lib/cli/mod.ts";
import { parseHostPort } from "../../../lib/net/address.ts";
import { BACKEND_EXITS, WIRE_OPTIONS } from "./backend.ts";

/** `triba irc`. */
export const IRC = {
  name: "triba irc",
  summary: "a backend for IRC: channels and conversations of one network",
  operands: { shown: "ID [SOCKET]", least: 0, most: 0 },
  options: {
    server: value({
      help: "The server; without a port 6697, or 6667 with --no-tls",
      value: "HOST[:PORT]",
      parse: (text) => parseHostPort(text, 0),
    }),
    tls: flag({ help: "Encrypt the connection; this is what happens without --no-tls" }),
    noTls: flag({ help: "Do not encrypt the connection: everybody on the way can read it" }),
    ca: list({
      help: "Trust the authorities in this PEM file too",
      value: "FILE",
      parse: asText,
    }),
    nick: value({ help: "The nickname", value: "NAME", parse: asText }),
    user: value({ help: "The user name; unset: the nickname", value: "NAME", parse: asText }),
    realname: value({
      help: "What others see as real name; unset: the nickname",
      value: "TEXT",
      parse: asText,
    }),
    join: list({
      help: 'Channels to be in, separated by commas; one with a key as "NAME KEY"',
      value: "CHANNELS",
      parse: (text) => text.split(",").filter((part) => part.trim() !== ""),
    }),
    login: value({
      help: "What a login of the core is: sasl, or pass (user name and password of the server)",
      value: "KIND",
      default: "sasl",
      parse: oneOf("sasl", "pass"),
    }),
    needLogin: flag({ help: "Do not connect before the core has logged in" }),
    plainLogin: flag({ help: "Let a password travel without encryption" }),
    history: value({
      help: "Messages to keep of each room, here and on disk; 0 keeps none on disk",
      value: "COUNT",
      default: "500",
      parse: integer(0, 100_000),
    }),
    burst: value({
      help: "Lines that may be sent at once",
      value: "COUNT",
      default: "5",
      parse: integer(1, 1000),
    }),
    lineInterval: value({
      help: "Pause between lines when these are used up: servers throw out who sends faster",
      value: "SECONDS",
      default: "2",
      parse: seconds,
    }),
    quitText: value({
      help: "What others see when it ends",
      value: "TEXT",
      default: "Good-bye",
      parse: asText,
    }),
    ...WIRE_OPTIONS,
  },
  notes: [
    "A core starts it: with the id as first argument, and the socket in TRIBA_SOCKET. Nobody types " +
    "that; put it into the configuration of a core.",
    "Rooms and their last messages are kept in TRIBA_STATE; passwords are not: the core gives them " +
    "with each login. SASL PLAIN is used, and no connection is kept if the server does not offer it.",
    "A lost connection is made again, after 1 s and then growing pauses, and the rooms are joined again.",
  ],
  outcomes: [
    ["the core says Shutdown, or SIGTERM, SIGINT", "", "0"],
    ["wrong option", "Unknown option NAME", "64"],
    ["no core there", "Cannot connect to the core at ADDRESS: REASON", "69"],
    ["core gone", "Stream ended without Shutdown", "69"],
    ["core breaks the protocol", "Cannot WHAT: REASON", "76"],
    ["core refuses the id", "Stream ended right after the id: the core refuses it", "77"],
    ["no server or no nickname", "Missing option NAME", "78"],
    ["names or options that cannot be used", "Cannot WHAT", "78"],
    ["file of an authority unreadable", "Cannot read FILE: REASON", "78"],
    ["server unreachable", "Cannot connect to SERVER: REASON; tried again", "-"],
    ["certificate not accepted", "Cannot trust SERVER: REASON; tried again", "-"],
    [
      "account or password wrong",
      "Cannot log in: the server says TEXT; a login is waited for",
      "-",
    ],
    ["connection lost", "Lost the server: REASON; tried again, rooms are joined again", "-"],
  ],
  examples: [
    [
      "In the configuration of a core",
      '[backends.libera]\n  builtin = "irc"\n  arguments = ["--server", "irc.libera.chat", "--nick", "sally", "--join", "#deno"]',
    ],
    [
      "A server of your own with a certificate of your own",
      '[backends.home]\n  builtin = "irc"\n  arguments = ["--server", "irc.home.example", "--ca", "/etc/ssl/home.pem", "--nick", "sally"]',
    ],
  ],
  exits: [0, 64, 69, 76, 77, 78],
  meanings: BACKEND_EXITS,
} as const satisfies Command;
