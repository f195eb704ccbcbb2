/**
 * What is asked and whom, in the words of the command line.
 *
 * @module
 */

import { EXIT, ExitFault } from "../../../lib/cli/mod.ts";
import { type CoreCall, parseRequestText, TribaFault } from "../../../lib/triba/mod.ts";

const HINT = 'Run "triba call --help" for how to write requests';

/** The words in front of `--` and those behind it. */
export interface CallWords {
  /** Options, and the requests among them. */
  readonly front: readonly string[];
  /** The command, and the request if none is in front. */
  readonly command: readonly string[];
}

/** Divides a command line at the first `--`; without one the first plain word is a request. */
export function divide(args: readonly string[]): CallWords {
  const at = args.indexOf("--");
  return at < 0
    ? { front: args, command: [] }
    : { front: args.slice(0, at), command: args.slice(at + 1) };
}

/**
 * Which words are requests: those in front, or else the last one behind.
 *
 * @throws {ExitFault} with status 2 if there is no command.
 */
export function assign(
  inFront: readonly string[],
  behind: readonly string[],
): { readonly requests: readonly string[]; readonly command: readonly string[] } {
  const [requests, command] = inFront.length > 0
    ? [inFront, behind]
    : [behind.slice(-1), behind.slice(0, -1)];
  if (command.length === 0) throw new ExitFault(EXIT.usage, "Missing COMMAND behind --", HINT);
  return { requests, command };
}

/**
 * Reads a request.
 *
 * @throws {ExitFault} with status 2.
 */
export function readRequest(text: string): CoreCall {
  try {
    return parseRequestText(text, crypto.randomUUID());
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    const message = error.message.startsWith("Cannot read the request")
      ? error.message
      : `Cannot read the request: ${error.message}`;
    throw new ExitFault(EXIT.usage, message, HINT, { cause: error });
  }
}
