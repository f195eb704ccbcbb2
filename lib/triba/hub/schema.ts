/**
 * The JSON Schema of the lines between a core and its user interfaces.
 *
 * @module
 */

import { HUB_PROTOCOL, HUB_VERSION, LINE_DEFINITIONS } from "./lines.ts";
import { DEFINITIONS, type JsonSchema } from "./shape.ts";

/** One line in either direction, draft 2020-12; `$defs/request` and `$defs/message` tell them apart. */
export const HUB_SCHEMA: JsonSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: `urn:sallyport:${HUB_PROTOCOL}:${HUB_VERSION}`,
  title: `Lines between a TriBA core and its user interfaces, version ${HUB_VERSION}`,
  anyOf: [{ $ref: `${DEFINITIONS}request` }, { $ref: `${DEFINITIONS}message` }],
  $defs: Object.fromEntries(
    Object.entries(LINE_DEFINITIONS).map(([name, { schema }]) => [name, schema]),
  ),
};
