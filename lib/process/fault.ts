/**
 * Faults of starting a command.
 *
 * @module
 */

import { escapeControls } from "../log/escape.ts";

/** Why a command did not start. */
export type CommandFaultCode =
  | "missing"
  | "not-executable"
  | "too-large" // arguments and environment together, or one value
  | "failed";

/** A command that did not start. */
export class CommandFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "CommandFault";
  /** Which kind of fault. */
  readonly code: CommandFaultCode;

  /** The message names the command as the user did. */
  constructor(code: CommandFaultCode, command: string, state: string) {
    super(`Cannot run "${escapeControls(command)}": ${state}`);
    this.code = code;
  }
}

const ENOENT = 2;
const E2BIG = 7;
/** A file that is executable, but in no form that the kernel knows. */
export const ENOEXEC = 8;
const EACCES = 13;
const ENOTDIR = 20;

/** What the number of a system's error says about a command. */
export function commandFault(errno: number, command: string): CommandFault {
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
      return new CommandFault("missing", command, "it, or the interpreter it names, is not there");
    case EACCES:
      return new CommandFault("not-executable", command, "permission denied");
    case ENOEXEC:
      return new CommandFault("not-executable", command, "no program for this machine");
    case E2BIG:
      return new CommandFault(
        "too-large",
        command,
        "its arguments and environment are too large for this system",
      );
    default:
      return new CommandFault("failed", command, `system error ${errno}`);
  }
}
