/**
 * Faults of the libraries as messages and exit statuses of `relay`.
 *
 * @module
 */

import { BobFault, type BobFaultCode } from "../../lib/bob/mod.ts";
import { EXIT, ExitFault } from "../../lib/cli/mod.ts";
import { FileFault } from "../../lib/files/mod.ts";
import { GitFault } from "../../lib/git/mod.ts";
import { NetFault } from "../../lib/net/mod.ts";

/** Faults of bob that mean that somebody is gone, not that somebody broke the protocol. */
const LOST: ReadonlySet<BobFaultCode> = new Set([
  "connection-lost",
  "end-of-input",
  "no-answer",
  "secure-timeout",
  "invalid-peer",
]);

const HINTS: Readonly<Partial<Record<FileFault["code"], string>>> = {
  exists: "Choose another folder with --output, move it away, or replace a file with --overwrite",
  full: "Free some space or choose another folder with --output",
  changed: "Send it again when nobody writes to it",
  denied: "Check the permissions",
};

/** Whether a transfer ended because somebody is gone. */
export function isLoss(error: unknown): boolean {
  return error instanceof NetFault || (error instanceof BobFault && LOST.has(error.code));
}

/** What to tell the user; anything that nobody expects is passed on as it is. */
export function toExitFault(error: unknown): unknown {
  if (error instanceof NetFault) {
    const hint = error.code === "lost" || error.code === "closed"
      ? "Start the transfer again"
      : "Check the address and that the relay runs";
    return new ExitFault(EXIT.unreachable, error.message, hint, { cause: error });
  }
  if (error instanceof FileFault) {
    return new ExitFault(EXIT.file, error.message, HINTS[error.code], { cause: error });
  }
  if (error instanceof BobFault) {
    return isLoss(error)
      ? new ExitFault(EXIT.unreachable, error.message, "Start the transfer again", { cause: error })
      : new ExitFault(EXIT.refused, error.message, undefined, { cause: error });
  }
  if (error instanceof GitFault) {
    return new ExitFault(EXIT.refused, error.message, undefined, { cause: error });
  }
  return error;
}
