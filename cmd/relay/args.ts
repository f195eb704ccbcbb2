/**
 * The command line of `relay`.
 *
 * @module
 */

import {
  asText,
  bytes,
  type Command,
  EXIT,
  flag,
  integer,
  list,
  oneOf,
  seconds,
  value,
} from "../../lib/cli/mod.ts";
import { LOG_LEVELS } from "../../lib/log/mod.ts";
import { type HostPort, parseCidr, parseHostPort } from "../../lib/net/mod.ts";

/** Where bob's relays listen unless told otherwise. */
export const BOB_PORT = 9000;
/** Where joined pairs meet. */
export const BOB_SECURE_PORT = 9001;

/** A relay as it is named on the command line. */
export interface RelayAddress extends HostPort {
  /** The port where joined pairs meet. */
  readonly securePort: number;
}

/** Reads `HOST[:PORT][,SECURE_PORT]`. */
export function parseRelay(text: string): RelayAddress {
  const [, main = "", secure] = /^([^,]*)(?:,(.*))?$/s.exec(text) ?? [];
  return {
    ...parseHostPort(main, BOB_PORT),
    securePort: secure === undefined ? BOB_SECURE_PORT : integer(1, 65535)(secure),
  };
}

function portOrNone(text: string): number | undefined {
  return text === "none" ? undefined : integer(0, 65535)(text);
}

function parsePair(text: string): readonly [number, number] {
  const [each = "", all = ""] = text.split(",", 2);
  const number = integer(1, 1_000_000);
  return [number(each), number(all)];
}

const SHARED = {
  quiet: flag({ help: "Print errors only on standard error", short: "q" }),
  json: flag({ help: "Print results as one JSON object a line" }),
} as const;

const RELAY = value({
  help: "The relay to use; an IPv6 address in brackets",
  short: "r",
  value: "HOST[:PORT][,SECURE]",
  env: "SALLYPORT_RELAY",
  parse: parseRelay,
});

const CODE_FILE = value({
  help: "Read the code from the first line of a file; - is standard input",
  value: "FILE",
  parse: asText,
});

const PROTOCOL = value({
  help: "Which protocol to speak: bob",
  value: "NAME",
  default: "bob",
  parse: oneOf("bob"),
});

const TIMEOUT = value({
  help: "Give up when nobody with the code has come for this long",
  value: "SECONDS",
  default: "3600",
  parse: seconds,
});

const TRANSFER_EXITS = [
  EXIT.done,
  EXIT.failed,
  EXIT.usage,
  EXIT.code,
  EXIT.refused,
  EXIT.unreachable,
  EXIT.file,
];

/** `relay serve`. */
export const SERVE = {
  name: "relay serve",
  summary: "run a relay: it joins two people who share a code and forwards what it cannot read",
  operands: { shown: "", least: 0, most: 0 },
  options: {
    listen: value({
      help: "Address to listen on; :: is every address, IPv6 and IPv4",
      value: "ADDRESS",
      default: "::",
      parse: asText,
    }),
    bobPort: value({
      help: "Port where bob's peers meet; none switches bob off, 0 picks a free port",
      value: "PORT",
      default: String(BOB_PORT),
      parse: portOrNone,
    }),
    bobSecurePort: value({
      help: "Port where joined peers of bob send their bytes",
      value: "PORT",
      default: String(BOB_SECURE_PORT),
      parse: integer(0, 65535),
    }),
    maxConnections: value({
      help: "Most connections at once; unset: 4096, or what the descriptor limit leaves",
      value: "COUNT",
      parse: integer(4, 1_000_000),
    }),
    maxPerAddress: value({
      help: "Most connections of one address (IPv6: one /64)",
      value: "COUNT",
      default: "256",
      parse: integer(1, 1_000_000),
    }),
    maxRooms: value({
      help: "Most peers that wait or are being joined; newcomers beyond it are refused",
      value: "COUNT",
      default: "4096",
      parse: integer(1, 65535),
    }),
    maxWaiting: value({
      help: "Most waiting peers of one address",
      value: "COUNT",
      default: "64",
      parse: integer(1, 65535),
    }),
    handshakeTimeout: value({
      help: "Time for a hello after connecting",
      value: "SECONDS",
      default: "10",
      parse: seconds,
    }),
    handshakes: value({
      help: "Most new connections a second from one address, and in all",
      value: "EACH,ALL",
      default: "20,200",
      parse: parsePair,
    }),
    waitTimeout: value({
      help: "How long a peer may wait for another",
      value: "SECONDS",
      default: "3600",
      parse: seconds,
    }),
    idleTimeout: value({
      help: "How long a joined pair may be without a byte",
      value: "SECONDS",
      default: "10800",
      parse: seconds,
    }),
    maxRate: value({
      help: "Most bytes a second read from one address, such as 10M; unset: no limit",
      value: "BYTES",
      parse: bytes,
    }),
    allow: list({
      help: "Let only this address or range connect",
      value: "CIDR",
      parse: parseCidr,
    }),
    metrics: value({
      help: "Serve numbers for Prometheus at http://HOST:PORT/metrics",
      value: "HOST:PORT",
      parse: (text) => parseHostPort(text),
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
    "What the relay learns: the addresses of both peers, when they come, how much they transfer. " +
    "It never sees the code, names or content.",
  ],
  outcomes: [
    ["port in use", "Cannot listen on ADDRESS: another program uses this address", "5"],
    [
      "address of another machine",
      "Cannot listen on ADDRESS: this machine does not have this address",
      "5",
    ],
    ["SIGTERM, SIGINT", "stopped; everything is closed", "0"],
    ["SIGHUP", "nothing to reload; goes on", "-"],
    ["hostile peer", "malformed input; that connection is closed, others are served", "-"],
    ["peer lost in a transfer", "transfer ended; the other peer is told by closing", "-"],
    ["out of descriptors", "out of file descriptors; accepting pauses, then goes on", "-"],
  ],
  examples: [
    ["A relay for everybody who can reach this machine", "relay serve"],
    [
      "Only for a home network, with numbers",
      "relay serve --allow 192.168.0.0/16 --metrics 127.0.0.1:9100",
    ],
  ],
  exits: [EXIT.done, EXIT.failed, EXIT.usage, EXIT.unreachable],
} as const satisfies Command;

/** `relay send`. */
export const SEND = {
  name: "relay send",
  summary: "send files or folders to whoever has the code",
  operands: { shown: "PATH...", least: 1, most: 10_000 },
  options: {
    relay: RELAY,
    codeFile: CODE_FILE,
    protocol: PROTOCOL,
    name: value({
      help: "Name of what standard input holds (PATH is -)",
      value: "NAME",
      parse: asText,
    }),
    wire: value({
      help:
        "Form of bob's records: nonce12 for programs until March 2025 and ours, nonce20 for later ones",
      value: "FORM",
      default: "nonce12",
      parse: oneOf("nonce12", "nonce20"),
    }),
    noCompress: flag({ help: "Do not compress", aliases: ["no-compression"] }),
    noHidden: flag({ help: "Leave out names that begin with a dot" }),
    maxGuesses: value({
      help: "Wrong codes to bear; unset: 4096 for a generated code, 32 for one of yours",
      value: "COUNT",
      parse: integer(1, 1_000_000),
    }),
    timeout: TIMEOUT,
    qr: flag({ help: "Show the receive command as a QR code too" }),
    ...SHARED,
  },
  notes: [
    "Without --relay the sender runs a relay of its own for this transfer, on all addresses of this " +
    "machine. A code of your own comes from SALLYPORT_CODE or --code-file; otherwise one is made.",
    'The end says "sent": the protocol has no receipt, so only the receiver knows that it kept what came. ' +
    "Permissions, times and links do not travel.",
  ],
  outcomes: [
    ["receiver took all bytes", "sent NAME SIZE", "0"],
    [
      "receiver has another code",
      "Somebody at ADDRESS tried another code; counted as a guess, waiting goes on",
      "-",
    ],
    ["too many wrong codes", "Guesses used up: N wrong codes were tried", "3"],
    ["receiver says no", "The receiver at ADDRESS refused; waiting goes on", "-"],
    ["nobody comes", "Nobody took it within SECONDS s", "5"],
    ["relay unreachable", "Cannot connect to RELAY: REASON", "5"],
    ["relay lost while waiting", "The relay was lost; tried again until --timeout is over", "5"],
    ["relay or receiver lost in the middle", "The connection was lost after SIZE", "5"],
    ["relay ends without its marker", "Delivery unknown", "5"],
    ["file missing or unreadable", "Cannot read PATH: REASON", "6"],
    ["file changed meanwhile", "Cannot send PATH: it changed while it was being sent", "6"],
    ["no room for standard input", "Cannot keep standard input in PATH: REASON", "6"],
    ["SIGINT, SIGTERM, SIGHUP", "Ended by SIGNAL", "130, 143, 129"],
  ],
  examples: [
    ["Send one file; the receive command is printed", "relay send holiday.jpg"],
    ["Send a folder through a relay", "relay send --relay relay.example.org photos"],
    ["Send what another program writes", "tar c notes | relay send --name notes.tar -"],
  ],
  exits: TRANSFER_EXITS,
} as const satisfies Command;

/** `relay receive`. */
export const RECEIVE = {
  name: "relay receive",
  summary: "receive what somebody sends under a code",
  operands: { shown: "[CODE]", least: 0, most: 1 },
  options: {
    relay: RELAY,
    codeFile: CODE_FILE,
    protocol: PROTOCOL,
    output: value({
      help: "Folder to save into; - writes a single file to standard output",
      short: "o",
      value: "DIR|-",
      default: ".",
      parse: asText,
    }),
    yes: flag({ help: "Do not ask before receiving", short: "y" }),
    overwrite: flag({ help: "Replace a file of the same name" }),
    maxSize: value({
      help: "Most bytes to accept, such as 2G",
      value: "BYTES",
      parse: bytes,
    }),
    timeout: TIMEOUT,
    ...SHARED,
  },
  notes: [
    "The code comes from the argument, SALLYPORT_CODE, --code-file or a question. An argument can be seen by " +
    "other users of this machine while the program runs.",
    "Nothing appears under its name before it is complete and verified; nothing is written outside of " +
    "the chosen folder. The protocol cannot resume: what was cut off starts again.",
  ],
  outcomes: [
    ["complete and verified", "saved PATH SIZE", "0"],
    [
      "senders wait, all with another code",
      "Wrong code: SENDERS had another one, and no more came within SECONDS s",
      "3",
    ],
    ["too many wrong senders", "Guesses used up: N senders were tried", "3"],
    ["no sender comes", "No sender came within SECONDS s", "5"],
    ["you say no, or standard input is closed", "Refused, nothing was received", "1"],
    ["relay unreachable", "Cannot connect to RELAY: REASON", "5"],
    ["relay lost before joining", "The relay at RELAY closed the connection", "5"],
    ["relay or sender lost in the middle", "The connection was lost after SIZE", "5"],
    ["damaged or forged data", "Cannot WHAT: REASON", "4"],
    ["hostile name", "Cannot create NAME: the name is REASON", "4"],
    ["larger than --max-size", "Cannot accept N bytes: the limit is N", "4"],
    ["folder for --output -", "Cannot write a folder to standard output: choose a folder", "4"],
    ["target exists", "Cannot create PATH: KIND of this name exists already", "6"],
    ["no room on the disk", "Cannot write WHAT: REASON", "6"],
    ["no permission", "Cannot create a file for PATH: permission denied", "6"],
    ["SIGINT, SIGTERM, SIGHUP", "Ended by SIGNAL", "130, 143, 129"],
  ],
  examples: [
    ["Receive into this folder", "relay receive --relay 192.168.1.20 lusabag-gutihuz"],
    [
      "In a script",
      "SALLYPORT_CODE=lusabag-gutihuz relay receive --relay relay.example.org --yes -o /srv/in",
    ],
  ],
  exits: TRANSFER_EXITS,
} as const satisfies Command;
