/**
 * `triba schema`: the lines between a core and its user interfaces, for other programs.
 *
 * @module
 */

import { Console, EXIT } from "../../lib/cli/mod.ts";
import { HUB_SCHEMA } from "../../lib/triba/hub/schema.ts";

/** Prints the schema. */
export function schema(): number {
  new Console({ quiet: false, json: false }).print(JSON.stringify(HUB_SCHEMA, null, 2));
  return EXIT.done;
}
