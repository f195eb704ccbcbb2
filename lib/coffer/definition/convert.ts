/**
 * Rewrites a definition so that an original server can serve it (spec 14.5): the original's shape,
 * ids in upper case, and only what that server and its client neither change nor die of.
 *
 * @module
 */

import type { DefinedClient, DefinedEntry, Definition } from "./definition.ts";
import { definitionFault } from "./definition.ts";
import { trimWhiteSpace } from "../values/environment.ts";
import { type Problem, quote } from "../fault.ts";
import { formatId } from "../keys/public_key.ts";
import type { SecretValue } from "../values/value.ts";
import { renderKey, renderValue } from "./literal.ts";

/** A converted definition. */
export interface Converted {
  /** TOML in the original's shape; comments are not carried over. */
  readonly toml: string;
  /** What the original will change all the same, in the order of the file. */
  readonly warnings: readonly Problem[];
}

const INT32_MIN = -(2n ** 31n);
const INT32_MAX = 2n ** 31n - 1n;

/**
 * The definition in the original's shape.
 *
 * @throws {CofferFault} with `bad-definition` and every place that the original cannot serve.
 */
export function convertDefinition(definition: Definition): Converted {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const client of definition.clients) {
    if (client.entries.size === 0) {
      problems.push({ ...client.at, reason: "client without entries would end the server" });
    }
    for (const [key, entry] of client.entries) {
      const reason = obstacle(key, entry.value);
      if (reason !== undefined) problems.push({ ...entry.at, reason: `${quote(key)}: ${reason}` });
      const change = distortion(key, entry.value);
      if (change !== undefined) warnings.push({ ...entry.at, reason: `${quote(key)}: ${change}` });
    }
  }
  if (problems.length > 0) throw definitionFault(problems);
  const toml = definition.clients.map(renderClient).join("\n");
  return { toml, warnings: warnings.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

/** What the original's server refuses to load, changes on the way, or what ends its client. */
function obstacle(key: string, secret: SecretValue): string | undefined {
  if (trimWhiteSpace(key) === "") return "blank name would end the client";
  if (/[=\0]/.test(key)) return "equals sign or NUL in the name would end the client";
  switch (secret.type) {
    case "Date":
      return "dates stop the server from starting";
    case "Integer":
      if (secret.value >= INT32_MIN && secret.value <= INT32_MAX) return undefined;
      return "integer would be cut to 32 bits";
    case "Float":
      if (Number.isNaN(secret.value) || Math.fround(secret.value) === secret.value) {
        return undefined;
      }
      return "float would be rounded to 32 bits";
    case "String":
      return secret.value.includes("\0") ? "NUL in the value would end the client" : undefined;
    case "Boolean":
      return undefined;
  }
}

function distortion(key: string, secret: SecretValue): string | undefined {
  if (trimWhiteSpace(key) !== key) return "white space around the name will be cut off";
  if (secret.type !== "String" || trimWhiteSpace(secret.value) === secret.value) return undefined;
  return "white space at an end of the value will be cut off";
}

function renderClient(client: DefinedClient): string {
  const header = client.path.length === 0 ? "" : `[${client.path.map(renderKey).join(".")}]\n`;
  const entries = Array.from(client.entries, renderEntry).join("");
  return `${header}id = "${formatId(client.publicKey)}"\n${entries}`;
}

function renderEntry([key, entry]: readonly [string, DefinedEntry]): string {
  return `${renderKey(key)} = ${renderValue(entry.value)}\n`;
}
