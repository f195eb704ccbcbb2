/**
 * Faults of the libraries as messages and exit statuses of `coffer-companion`.
 *
 * @module
 */

import { toExitFault } from "../../lib/coffer/program.ts";

/** Runs a command and translates what it throws. */
export async function withExitFaults(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    throw toExitFault(error);
  }
}
