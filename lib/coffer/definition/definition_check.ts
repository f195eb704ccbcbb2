/**
 * What is worth a warning about a definition that has no errors.
 *
 * @module
 */

import { MAX_NARROW_BYTES } from "../constants.ts";
import { type DefinedClient, type DefinedEntry, type Definition, secretsOf } from "./definition.ts";
import { encodeEntries } from "../values/entries.ts";
import { toEnvironment } from "../values/environment.ts";
import { CofferFault, type Problem, quote } from "../fault.ts";
import { SEAL_OVERHEAD_BYTES } from "../keys/seal.ts";
import { sameValue, type SecretValue } from "../values/value.ts";
import { DESIGN_ENCODING } from "../values/value_codec.ts";

/** Largest list of entries that a plain reply in the narrow framing can carry, in bytes. */
export const MAX_NARROW_PLAINTEXT_BYTES: number = MAX_NARROW_BYTES - SEAL_OVERHEAD_BYTES;

/**
 * Warnings, in the order of the file: shards too large for a framing, entries that are no variables,
 * and keys that have another value elsewhere in their group, where one is perhaps forgotten.
 */
export function checkDefinition(definition: Definition): Problem[] {
  const warnings = definition.clients.flatMap((client) => [
    ...checkSize(client),
    ...Array.from(client.entries).flatMap(([key, { value, at }]) => {
      const reason = variableProblem(key, value);
      return reason === undefined ? [] : [{ ...at, reason }];
    }),
  ]).concat(checkGroups(definition));
  return warnings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function checkSize(client: DefinedClient): Problem[] {
  const length = encodeEntries(secretsOf(client), DESIGN_ENCODING).length;
  if (length <= MAX_NARROW_PLAINTEXT_BYTES) return [];
  const reason = `client's entries take ${length} bytes, too many for the narrow framing ` +
    `(${MAX_NARROW_PLAINTEXT_BYTES})`;
  return [{ ...client.at, reason }];
}

/** The shards of the root have nothing to do with each other; those of a named group may share. */
function checkGroups(definition: Definition): Problem[] {
  const seen = new Map<string, DefinedEntry>();
  const warnings: Problem[] = [];
  for (const { path, entries } of definition.clients) {
    if (path.length < 2) continue;
    for (const [key, entry] of entries) {
      const name = JSON.stringify([...path.slice(0, -1), key]);
      const first = seen.get(name);
      if (first === undefined) seen.set(name, entry);
      else if (!sameValue(first.value, entry.value)) {
        const reason = `${
          quote(key)
        } has another value in line ${first.at.line}, in the same group`;
        warnings.push({ ...entry.at, reason });
      }
    }
  }
  return warnings;
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
