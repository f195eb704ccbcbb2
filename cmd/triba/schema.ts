/**
 * `triba schema`: the lines between a core and its user interfaces, for other programs.
 *
 * @module
 */

import { EXIT } from "../../lib/cli/mod.ts";

/** Prints the schema. */
export function schema(): number {
  return EXIT.failed;
}
