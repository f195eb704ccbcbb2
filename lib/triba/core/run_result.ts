/**
 * What is left of a run of a backend when it is over.
 *
 * @module
 */

import type { ExitStatus } from "./child.ts";
import type { RunEnd } from "./restart.ts";

/** How a run ended. */
export interface RunResult {
  /** For the decision on a restart. */
  readonly end: RunEnd;
  /** How the process ended, if there was one. */
  readonly status: ExitStatus | undefined;
  /** What happened, one line. */
  readonly reason: string;
  /** The last lines that it wrote. */
  readonly lastLines: readonly string[];
  /** No restart will help. */
  readonly isFinal: boolean;
}

/** What happened to a run, in one line. */
export function describeEnd(
  fault: Error | undefined,
  status: ExitStatus | undefined,
  connected: boolean,
): string {
  const how = status === undefined
    ? undefined
    : status.signal === undefined
    ? `exited with code ${status.code}`
    : `ended by ${status.signal}`;
  if (fault !== undefined) return how === undefined ? fault.message : `${fault.message}; ${how}`;
  return connected ? `It ${how}` : `It ${how} before it connected`;
}
