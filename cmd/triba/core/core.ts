/**
 * `triba core`: reads the configuration and runs what it says.
 *
 * @module
 */

import { EXIT, type OptionValues } from "../../../lib/cli/mod.ts";
import type { CORE } from "../args/core.ts";

/** Options of `triba core`. */
export type CoreOptions = OptionValues<typeof CORE.options>;

/** Runs until SIGINT or SIGTERM. */
export function core(_options: CoreOptions): number {
  return EXIT.failed;
}
