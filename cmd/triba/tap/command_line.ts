/**
 * The command of a tapped backend as the core completed it: the id is somewhere behind the program's
 * name, and only what it looks like tells where.
 *
 * @module
 */

import { EXIT_CODES } from "../../../lib/triba/constants.ts";
import { ExitFault } from "../../../lib/cli/mod.ts";
import { TribaFault } from "../../../lib/triba/fault.ts";
import { parseIdArgument } from "../../../lib/triba/id.ts";

/** What cores of today write: standard base64 of 16 bytes, with padding. */
const USUAL_FORM = /^[A-Za-z0-9+/]{22}==$/;

/** A command line, taken apart. */
export interface TappedCommand {
  /** The program. */
  readonly command: string;
  /** Its arguments in front of the id. */
  readonly before: readonly string[];
  /** The core's id, 16 bytes. */
  readonly id: Uint8Array;
  /** The arguments behind the id. */
  readonly after: readonly string[];
}

/**
 * Finds the id.
 *
 * @throws {ExitFault} with exit code 64 if there is none, or more than one argument could be it.
 */
export function parseTappedCommand(operands: readonly string[]): TappedCommand {
  const [command, ...args] = operands;
  if (command === undefined) throw usage("Missing argument: COMMAND");
  const readable = args.flatMap((argument, at) => {
    const id = readId(argument);
    return id === undefined ? [] : [{ at, id, usual: USUAL_FORM.test(argument) }];
  });
  const usual = readable.filter((found) => found.usual);
  const [found, ...others] = usual.length > 0 ? usual : readable;
  const what = "Cannot find the id of the core among the arguments";
  if (found === undefined) throw usage(`${what}: none is one; a core gives it`);
  if (others.length > 0) {
    throw usage(`${what}: ${others.length + 1} look like one; put the command into a script`);
  }
  const { at, id } = found;
  return { command, before: args.slice(0, at), id, after: args.slice(at + 1) };
}

function readId(argument: string): Uint8Array | undefined {
  try {
    return parseIdArgument(argument);
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    return undefined;
  }
}

function usage(message: string): ExitFault {
  return new ExitFault(
    EXIT_CODES.usage,
    message,
    'Run "triba tap --help" for how a core starts it',
  );
}
