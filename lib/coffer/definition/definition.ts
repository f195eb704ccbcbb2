/**
 * Definition files (spec sections 7 and 14.5): which client has which secrets. The original's
 * shape, tables with an `id`, and the seed's, a table `clients` of names, may stand in one file.
 * All errors are found in one go; none quotes a value.
 *
 * @module
 */

import {
  decodeTomlSource,
  parseToml,
  TomlFault,
  type TomlNode,
  type TomlPosition,
} from "../../toml/mod.ts";
import { CofferFault, type Problem } from "../fault.ts";
import { DefinitionReader } from "./definition_reader.ts";
import type { NamedKey } from "../keys/public_key.ts";
import type { Secrets, SecretValue } from "../values/value.ts";

/** A client of a definition. */
export interface DefinedClient {
  /** Its public key. */
  readonly publicKey: Uint8Array;
  /** Where it is first named: keys from the root; empty if the whole file is one shard. */
  readonly path: readonly string[];
  /** Where that stands. */
  readonly at: TomlPosition;
  /** Its entries, in the order of the file. */
  readonly entries: ReadonlyMap<string, DefinedEntry>;
}

/** An entry of a definition. */
export interface DefinedEntry {
  /** The value. */
  readonly value: SecretValue;
  /** Where its key stands. */
  readonly at: TomlPosition;
}

/** A definition without errors. */
export interface Definition {
  /** The clients, in the order of the file. */
  readonly clients: readonly DefinedClient[];
}

/** What a definition is checked against. */
export interface DefinitionOptions {
  /** Keys of other roles, which no client may have. */
  readonly otherKeys?: readonly NamedKey[] | undefined;
}

/**
 * Reads a definition.
 *
 * @param file TOML as UTF-8; a byte-order mark and CRLF are accepted.
 * @throws {CofferFault} with `bad-definition` and every problem: a syntax error alone, all others
 *   together.
 */
export function loadDefinition(file: Uint8Array, options: DefinitionOptions = {}): Definition {
  const reader = new DefinitionReader(options.otherKeys ?? []);
  const clients = reader.read(parse(file));
  if (reader.problems.length > 0) throw definitionFault(reader.problems);
  return { clients };
}

/** A client's entries without their places. */
export function secretsOf(client: DefinedClient): Secrets {
  return new Map(Array.from(client.entries, ([key, { value }]) => [key, value]));
}

/** One fault for all problems, in the order of the file. */
export function definitionFault(problems: readonly Problem[]): CofferFault {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const [first] = sorted;
  const count = sorted.length === 1 ? "1 error" : `${sorted.length} errors`;
  const place = first === undefined ? "" : `, line ${first.line}: ${first.reason}`;
  return new CofferFault("bad-definition", `Cannot load the definition: ${count}${place}`, sorted);
}

function parse(file: Uint8Array): TomlNode & { readonly kind: "table" } {
  try {
    return parseToml(decodeTomlSource(file));
  } catch (error) {
    if (error instanceof TomlFault) throw definitionFault([{ ...error.at, reason: error.reason }]);
    throw error;
  }
}
