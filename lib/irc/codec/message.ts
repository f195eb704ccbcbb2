/**
 * One message: tags, source, command, parameters (RFC 2812 section 2.3, IRCv3 message-tags).
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { MAX_CLIENT_TAGS_BYTES, MAX_MESSAGE_BYTES } from "../constants.ts";
import { IrcFault } from "../fault.ts";
import { formatSource, parseSource, type Source } from "./source.ts";
import { formatTags, NO_TAGS, parseTags, type Tags } from "./tags.ts";
import { decodeText, encodeText } from "./text.ts";

/** A message as it is read. */
export interface IrcMessage {
  /** Its tags. */
  readonly tags: Tags;
  /** Who sent it; undefined where the server itself did. */
  readonly source: Source | undefined;
  /** A word in capital letters, or three digits. */
  readonly command: string;
  /** Its parameters; only the last one can be empty, hold spaces or begin with a colon. */
  readonly params: readonly string[];
}

/** A message to be written. */
export interface OutgoingMessage extends Pick<IrcMessage, "command" | "params"> {
  /** Its tags, if any. */
  readonly tags?: Tags | undefined;
  /** Clients send none. */
  readonly source?: Source | undefined;
}

/** How large a written message may be. */
export interface MessageLimits {
  /** Bytes of the tags, `@` and the space behind included. */
  readonly tags: number;
  /** Bytes of the rest, CR and LF included. */
  readonly message: number;
}

/** What a client may send. */
export const CLIENT_LIMITS: MessageLimits = {
  tags: MAX_CLIENT_TAGS_BYTES,
  message: MAX_MESSAGE_BYTES,
};

const COMMAND = /^(?:[A-Za-z]+|[0-9]{3})$/;

/**
 * Reads one line, without CR and LF.
 *
 * @throws {IrcFault} `malformed`.
 */
export function parseMessage(line: Uint8Array): IrcMessage {
  let rest = decodeText(line);
  if (/[\0\r\n]/.test(rest)) throw malformed("it holds NUL, CR or LF");
  let tags = NO_TAGS;
  let source: Source | undefined;
  if (rest.startsWith("@")) {
    const [word, after] = takeWord(rest.slice(1));
    tags = parseTags(word);
    rest = after;
  }
  if (rest.startsWith(":")) {
    const [word, after] = takeWord(rest.slice(1));
    if (word === "") throw malformed("its source is empty");
    source = parseSource(word);
    rest = after;
  }
  const [command, parameters] = takeWord(rest);
  if (!COMMAND.test(command)) throw malformed("it has no command");
  return { tags, source, command: command.toUpperCase(), params: parseParams(parameters) };
}

/** The first word, and what follows it without the spaces between. */
function takeWord(text: string): [word: string, rest: string] {
  const at = text.indexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at).replace(/^ +/, "")];
}

function parseParams(text: string): string[] {
  const params: string[] = [];
  for (let rest = text; rest !== "";) {
    if (rest.startsWith(":")) return [...params, rest.slice(1)];
    const [word, after] = takeWord(rest);
    params.push(word);
    rest = after;
  }
  return params;
}

function malformed(reason: string): IrcFault {
  return new IrcFault("malformed", `Cannot read a line of the server: ${reason}`);
}

/**
 * Writes a message with CR and LF. No value can end the line or make two parameters out of one.
 *
 * @throws {IrcFault} `argument` for what cannot be written, `too-long` beyond the limits.
 */
export function encodeMessage(
  message: OutgoingMessage,
  limits: MessageLimits = CLIENT_LIMITS,
): Uint8Array<ArrayBuffer> {
  const { command, tags = NO_TAGS, source } = message;
  if (!COMMAND.test(command)) throw new IrcFault("argument", "Cannot send: no such command");
  const words = [command, ...formatParams(message)];
  if (source !== undefined) words.unshift(`:${checkWord(command, formatSource(source))}`);
  const body = encodeText(`${words.join(" ")}\r\n`);
  const head = encodeText(tags.size === 0 ? "" : `@${formatTags(tags)} `);
  if (body.length > limits.message || head.length > limits.tags) {
    const [is, most] = body.length > limits.message
      ? [body.length, limits.message]
      : [head.length, limits.tags];
    throw new IrcFault("too-long", `Cannot send ${command}: ${is} bytes are more than ${most}`);
  }
  return concat([head, body]);
}

function formatParams({ command, params }: OutgoingMessage): string[] {
  return params.map((param, i) => {
    if (/[\0\r\n]/.test(param)) {
      throw new IrcFault("argument", `Cannot send ${command}: a parameter holds NUL, CR or LF`);
    }
    if (i < params.length - 1) {
      if (param.startsWith(":")) throw notOneWord(command);
      return checkWord(command, param);
    }
    return param === "" || param.startsWith(":") || param.includes(" ") ? `:${param}` : param;
  });
}

function checkWord(command: string, word: string): string {
  if (word === "" || /[\0\r\n ]/.test(word)) throw notOneWord(command);
  return word;
}

function notOneWord(command: string): IrcFault {
  return new IrcFault("argument", `Cannot send ${command}: a parameter is not one word`);
}
