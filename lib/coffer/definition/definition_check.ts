/**
 * What is worth a warning about a definition that has no errors.
 *
 * @module
 */

import { MAX_NARROW_BYTES } from "../constants.ts";
import { type DefinedClient, type Definition, secretsOf } from "./definition.ts";
import { encodeEntries } from "../values/entries.ts";
import { toEnvironment } from "../values/environment.ts";
import { CofferFault, type Problem } from "../fault.ts";
import { SEAL_OVERHEAD_BYTES } from "../keys/seal.ts";
import type { SecretValue } from "../values/value.ts";
import { DESIGN_ENCODING } from "../values/value_codec.ts";

/** Largest list of entries that a plain reply in the narrow framing can carry, in bytes. */
export const MAX_NARROW_PLAINTEXT_BYTES: number = MAX_NARROW_BYTES - SEAL_OVERHEAD_BYTES;

/** Warnings, in the order of the file: shards too large for a framing, unusable variables. */
export function checkDefinition(definition: Definition): Problem[] {
  const warnings = definition.clients.flatMap((client) => [
    ...checkSize(client),
    ...Array.from(client.entries).flatMap(([key, { value, at }]) => {
      const reason = variableProblem(key, value);
      return reason === undefined ? [] : [{ ...at, reason }];
    }),
  ]);
  return warnings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function checkSize(client: DefinedClient): Problem[] {
  const length = encodeEntries(secretsOf(client), DESIGN_ENCODING).length;
  if (length <= MAX_NARROW_PLAINTEXT_BYTES) return [];
  const reason = `client's entries take ${length} bytes, too many for the narrow framing ` +
    `(${MAX_NARROW_PLAINTEXT_BYTES})`;
  return [{ ...client.at, reason }];
}

/** A client refuses these unless it writes files or JSON. */
function variableProblem(key: string, value: SecretValue): string | undefined {
  try {
    toEnvironment(new Map([[key, value]]), false);
    return undefined;
  } catch (error) {
    if (error instanceof CofferFault) return error.message;
    throw error;
  }
}
