/**
 * Faults of the libraries as messages and exit statuses of `coffer-client`.
 *
 * @module
 */

import { ExitFault } from "../../lib/cli/exit.ts";
import { CofferFault } from "../../lib/coffer/fault.ts";
import { toExitFault as toSharedExitFault } from "../../lib/coffer/program.ts";
import { FileFault } from "../../lib/files/fault.ts";
import { NetFault } from "../../lib/net/stream.ts";
import { CommandFault } from "../../lib/process/fault.ts";
import { COMMAND_EXIT } from "./args.ts";

/** Whether another server, or the same one later, may do better: nobody has answered. */
export function isWithoutAnswer(error: unknown): error is NetFault | CofferFault {
  return error instanceof NetFault ||
    (error instanceof CofferFault && (error.code === "closed" || error.code === "timeout"));
}

/** Whether a fetch failed in a way that is the server's, the network's or a file's doing. */
export function isExpected(error: unknown): error is Error {
  return error instanceof NetFault || error instanceof CofferFault || error instanceof FileFault;
}

/** What to tell the user; anything that nobody expects is passed on as it is. */
export function toExitFault(error: unknown): unknown {
  if (!(error instanceof CommandFault)) return toSharedExitFault(error);
  const status = error.code === "missing" ? COMMAND_EXIT.missing : COMMAND_EXIT.notExecutable;
  return new ExitFault(status, error.message, undefined, { cause: error });
}
