/**
 * `triba ctl`: one question to a running core.
 *
 * @module
 */

import { EXIT, type OptionValues } from "../../../lib/cli/mod.ts";
import type { CTL } from "../args/ctl.ts";

/** Options of `triba ctl`. */
export type CtlOptions = OptionValues<typeof CTL.options>;

/** Asks and prints the answer. */
export function ctl(_options: CtlOptions, _operands: readonly string[]): number {
  return EXIT.failed;
}
