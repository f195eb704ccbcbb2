/**
 * What a user types at the terminal: commands begin with a slash, everything else is said in the
 * current room.
 *
 * @module
 */

import { editDistance } from "../../../../lib/cli/mod.ts";
import { escapeControls } from "../../../../lib/log/mod.ts";

/** A command that was understood. Rooms are as typed; messages by the number shown beside them. */
export type Command =
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "me"; readonly text: string }
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "help" }
  | { readonly type: "status" }
  | { readonly type: "rooms"; readonly backend: string | undefined }
  | { readonly type: "join"; readonly room: string }
  | { readonly type: "room"; readonly room: string }
  | { readonly type: "leave" }
  | { readonly type: "history"; readonly count: number }
  | { readonly type: "members" }
  | { readonly type: "reply"; readonly message: number; readonly text: string }
  | { readonly type: "edit"; readonly message: number; readonly text: string }
  | { readonly type: "remove"; readonly message: number }
  | { readonly type: "react"; readonly message: number; readonly key: string }
  | { readonly type: "unreact"; readonly message: number; readonly key: string }
  | { readonly type: "read"; readonly message: number | undefined }
  | { readonly type: "typing"; readonly typing: boolean }
  | { readonly type: "direct"; readonly user: string }
  | { readonly type: "login"; readonly backend: string; readonly account: string }
  | { readonly type: "answer"; readonly backend: string }
  | { readonly type: "restart"; readonly backend: string }
  | { readonly type: "stop"; readonly backend: string }
  | { readonly type: "logs"; readonly backend: string; readonly count: number }
  | { readonly type: "quit" };

/** What was typed is no command; the message says what would be. */
export class CommandFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "CommandFault";
}

interface Entry {
  readonly shown: string;
  readonly help: string;
  readonly parse: (rest: string) => Command | undefined;
}

const DEFAULT_COUNT = 20;
const MOST_COUNT = 1000;

/** All commands, in the order of the help. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  rooms: {
    shown: "[BACKEND]",
    help: "list rooms; each gets a number",
    parse: (rest) => ({ type: "rooms", backend: rest === "" ? undefined : rest }),
  },
  join: {
    shown: "ROOM",
    help: "join a room and talk there: a number, BACKEND/NAME, or a name",
    parse: (rest) => rest === "" ? undefined : { type: "join", room: rest },
  },
  room: {
    shown: "ROOM",
    help: "talk in a room that was joined before",
    parse: (rest) => rest === "" ? undefined : { type: "room", room: rest },
  },
  leave: { shown: "", help: "leave the current room", parse: bare({ type: "leave" }) },
  history: {
    shown: "[COUNT]",
    help: "show older messages of the current room; again for even older ones",
    parse: (rest) => withCount(rest, DEFAULT_COUNT, (count) => ({ type: "history", count })),
  },
  members: { shown: "", help: "who is in the current room", parse: bare({ type: "members" }) },
  me: {
    shown: "TEXT",
    help: "say what you do",
    parse: (rest) => rest === "" ? undefined : { type: "me", text: rest },
  },
  notice: {
    shown: "TEXT",
    help: "say something that no program should answer",
    parse: (rest) => rest === "" ? undefined : { type: "notice", text: rest },
  },
  reply: {
    shown: "N TEXT",
    help: "answer message N",
    parse: (rest) => withMessage(rest, (message, text) => ({ type: "reply", message, text })),
  },
  edit: {
    shown: "N TEXT",
    help: "change your message N",
    parse: (rest) => withMessage(rest, (message, text) => ({ type: "edit", message, text })),
  },
  remove: {
    shown: "N",
    help: "remove message N",
    parse: (rest) => {
      const message = readNumber(rest);
      return message === undefined ? undefined : { type: "remove", message };
    },
  },
  react: {
    shown: "N KEY",
    help: "react to message N",
    parse: (rest) => withMessage(rest, (message, key) => ({ type: "react", message, key })),
  },
  unreact: {
    shown: "N KEY",
    help: "take a reaction back",
    parse: (rest) => withMessage(rest, (message, key) => ({ type: "unreact", message, key })),
  },
  read: {
    shown: "[N]",
    help: "mark the room as read, up to message N",
    parse: (rest) => {
      if (rest === "") return { type: "read", message: undefined };
      const message = readNumber(rest);
      return message === undefined ? undefined : { type: "read", message };
    },
  },
  typing: {
    shown: "on|off",
    help: "show others that you are typing",
    parse: (rest) =>
      rest === "on" || rest === "off" ? { type: "typing", typing: rest === "on" } : undefined,
  },
  direct: {
    shown: "USER",
    help: "talk with one person",
    parse: (rest) => rest === "" ? undefined : { type: "direct", user: rest },
  },
  status: { shown: "", help: "how all backends are", parse: bare({ type: "status" }) },
  login: {
    shown: "BACKEND ACCOUNT",
    help: "log in; the secret is asked for",
    parse: (rest) => {
      const [, backend, account] = /^(\S+)\s+(\S.*)$/.exec(rest) ?? [];
      if (backend === undefined || account === undefined) return undefined;
      return { type: "login", backend, account };
    },
  },
  answer: {
    shown: "BACKEND",
    help: "go on with a login that needs an answer",
    parse: (rest) => rest === "" ? undefined : { type: "answer", backend: rest },
  },
  restart: {
    shown: "BACKEND",
    help: "stop a backend and start it again",
    parse: (rest) => rest === "" ? undefined : { type: "restart", backend: rest },
  },
  stop: {
    shown: "BACKEND",
    help: "stop a backend",
    parse: (rest) => rest === "" ? undefined : { type: "stop", backend: rest },
  },
  logs: {
    shown: "BACKEND [COUNT]",
    help: "the last lines of a backend's log",
    parse: (rest) => {
      const [, backend, count = ""] = /^(\S+)(?:\s+(\S+))?$/.exec(rest) ?? [];
      if (backend === undefined) return undefined;
      return withCount(count, DEFAULT_COUNT, (most) => ({ type: "logs", backend, count: most }));
    },
  },
  help: { shown: "", help: "this list", parse: bare({ type: "help" }) },
  quit: { shown: "", help: "end the core; Ctrl-D does too", parse: bare({ type: "quit" }) },
};

/**
 * Reads a line; undefined for an empty one.
 *
 * @throws {CommandFault} that says what would be right.
 */
export function parseCommandLine(line: string): Command | undefined {
  if (line.trim() === "") return undefined;
  if (!line.startsWith("/")) return { type: "say", text: line };
  if (line.startsWith("//")) return { type: "say", text: line.slice(1) };
  const [, name = "", rest = ""] = /^\/(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    throw new CommandFault(`Unknown command "/${show(name)}"${hintFor(name)}`);
  }
  const command = entry.parse(rest);
  if (command !== undefined) return command;
  throw new CommandFault(`Cannot read that: it is /${name} ${entry.shown}`);
}

/** The help, line by line. */
export function helpLines(): string[] {
  const lines = Object.entries(COMMANDS).map(([name, { shown, help }]) =>
    `  ${`/${name} ${shown}`.padEnd(24)}${help}`
  );
  return [
    "What does not begin with / is said in the current room; // says a / in front.",
    ...lines,
  ];
}

function bare(command: Command): (rest: string) => Command | undefined {
  return (rest) => rest === "" ? command : undefined;
}

function withMessage(
  rest: string,
  make: (message: number, rest: string) => Command,
): Command | undefined {
  const [, number = "", text] = /^(\d+)\s+(.+)$/s.exec(rest) ?? [];
  const message = readNumber(number);
  return message === undefined || text === undefined ? undefined : make(message, text);
}

function withCount(
  text: string,
  otherwise: number,
  make: (count: number) => Command,
): Command | undefined {
  const count = text === "" ? otherwise : readNumber(text);
  return count === undefined || count < 1 || count > MOST_COUNT ? undefined : make(count);
}

function readNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function hintFor(name: string): string {
  const near = Object.keys(COMMANDS)
    .map((known) => ({ known, slips: editDistance(known, name) }))
    .sort((a, b) => a.slips - b.slips)[0];
  const isNear = near !== undefined && near.slips <= Math.min(2, name.length / 2);
  return isNear ? `; did you mean /${near.known}?` : "; /help lists all";
}

function show(text: string): string {
  return escapeControls(text);
}
