/**
 * From a TOML document to clients and entries, by the order of rules in spec 14.5.
 *
 * @module
 */

import type { TomlEntry, TomlNode, TomlPosition, TomlTable } from "../../toml/mod.ts";
import { equalConstantTime } from "../../bytes/mod.ts";
import { normalizeDate } from "../values/date.ts";
import type { DefinedClient, DefinedEntry } from "./definition.ts";
import { type Problem, quote } from "../fault.ts";
import { Keyring } from "../keys/keyring.ts";
import { type NamedKey, readId } from "../keys/public_key.ts";
import type { SecretValue } from "../values/value.ts";

const ID = "id";
const CLIENTS = "clients";

interface MutableClient extends DefinedClient {
  readonly entries: Map<string, DefinedEntry>;
}

/** Reads one document; what is wrong with it is in {@linkcode DefinitionReader.problems}. */
export class DefinitionReader {
  /** Everything that is wrong, in the order in which it was found. */
  readonly problems: Problem[] = [];
  readonly #otherKeys: readonly NamedKey[];
  readonly #clients = new Keyring<MutableClient>();

  /** Clients with a key of another role are refused. */
  constructor(otherKeys: readonly NamedKey[]) {
    this.#otherKeys = otherKeys;
  }

  /** The clients of a document, in the order in which they are first named. */
  read(root: TomlTable): DefinedClient[] {
    if (root.entries.has(ID)) this.#shardWithId(root, []);
    else this.#root(root);
    return Array.from(this.#clients.entries(), ([, client]) => client);
  }

  #root(root: TomlTable): void {
    const declared = this.#declarations(root.entries.get(CLIENTS)?.node);
    for (const entry of root.entries.values()) {
      if (!this.#nameIsUsable(entry)) continue;
      if (entry.key === CLIENTS && !hasId(entry.node)) this.#clientsTable(entry);
      else if (!declared.has(entry.key)) this.#member(entry, [entry.key]);
      else this.#declaredTable(entry, declared.get(entry.key));
    }
  }

  /** Names and keys in the `clients` table of the seed, if it is one. */
  #declarations(node: TomlNode | undefined): Map<string, MutableClient | undefined> {
    const declared = new Map<string, MutableClient | undefined>();
    if (node?.kind !== "table" || node.entries.has(ID)) return declared;
    for (const { key, at, node: value } of node.entries.values()) {
      if (value.kind !== "string") continue;
      if (key === CLIENTS) this.#report(at, `a client cannot be called ${quote(key)}`);
      else declared.set(key, this.#client(value, [key], at));
    }
    return declared;
  }

  /** What else is in the `clients` table: groups as everywhere. */
  #clientsTable(entry: TomlEntry): void {
    if (entry.node.kind !== "table") return this.#member(entry, [CLIENTS]);
    for (const inner of entry.node.entries.values()) {
      if (!this.#nameIsUsable(inner) || inner.node.kind === "string") continue;
      if (inner.node.kind === "table") this.#group(inner.node, [CLIENTS, inner.key]);
      else this.#report(inner.at, `client ${quote(inner.key)} is neither an id nor a table`);
    }
  }

  /** The table of a client that `clients` names; without an id of its own. */
  #declaredTable(entry: TomlEntry, client: MutableClient | undefined): void {
    const { key, at, node } = entry;
    if (node.kind !== "table") return this.#member(entry, [key]);
    if (node.entries.has(ID)) {
      this.#report(at, `${quote(key)} has an id here and another in ${quote(CLIENTS)}`);
      return;
    }
    this.#entries(node, client);
  }

  /** A value outside a shard, which must be a table. */
  #member(entry: TomlEntry, path: readonly string[]): void {
    if (entry.node.kind === "table") return this.#group(entry.node, path);
    const what = entry.node.kind === "array" ? "an array" : "a value";
    this.#report(entry.at, `${quote(entry.key)} is ${what} outside a table with an id`);
  }

  /** A shard, or tables down to shards. */
  #group(table: TomlTable, path: readonly string[]): void {
    if (table.entries.has(ID)) return this.#shardWithId(table, path);
    for (const entry of table.entries.values()) {
      if (this.#nameIsUsable(entry)) this.#member(entry, [...path, entry.key]);
    }
  }

  #shardWithId(table: TomlTable, path: readonly string[]): void {
    const id = table.entries.get(ID);
    if (id === undefined) return;
    this.#entries(table, this.#client(id.node, path, id.at));
  }

  /** The client of an id; equal ids are one client. */
  #client(
    id: TomlNode,
    path: readonly string[],
    at: TomlPosition,
  ): MutableClient | undefined {
    if (id.kind !== "string") {
      this.#report(id.at, "id is not a string");
      return undefined;
    }
    const read = readId(id.value);
    if ("reason" in read) {
      this.#report(id.at, read.reason);
      return undefined;
    }
    const other = this.#otherKeys.find((key) => equalConstantTime(key.publicKey, read.key));
    if (other !== undefined) this.#report(id.at, `id is the key of ${other.owner}`);
    const known = this.#clients.get(read.key);
    if (known !== undefined) return known;
    const client = { publicKey: read.key, path, at, entries: new Map<string, DefinedEntry>() };
    this.#clients.set(read.key, client);
    return client;
  }

  /** The entries of a shard; those of one whose id is wrong are checked all the same. */
  #entries(table: TomlTable, client: MutableClient | undefined): void {
    for (const entry of table.entries.values()) {
      const { key, at, node } = entry;
      if (key === ID || !this.#nameIsUsable(entry)) continue;
      const value = this.#value(entry, node);
      const first = client?.entries.get(key);
      if (first !== undefined) {
        this.#report(at, `${quote(key)} stands in line ${first.at.line} for this client already`);
      } else if (value !== undefined) client?.entries.set(key, { value, at });
    }
  }

  #value(entry: TomlEntry, node: TomlNode): SecretValue | undefined {
    switch (node.kind) {
      case "string":
        return { type: "String", value: node.value };
      case "integer":
        return { type: "Integer", value: node.value };
      case "float":
        return { type: "Float", value: node.value };
      case "boolean":
        return { type: "Boolean", value: node.value };
      case "array":
      case "table":
        this.#report(
          entry.at,
          `${quote(entry.key)} is ${node.kind === "array" ? "an" : "a"} ` +
            `${node.kind} inside a client's table`,
        );
        return undefined;
      case "invalid":
        this.#report(node.at, `${quote(entry.key)}: ${node.reason}`);
        return undefined;
      default:
        return { type: "Date", value: normalizeDate(node.raw) };
    }
  }

  #nameIsUsable(entry: TomlEntry): boolean {
    if (entry.key !== "") return true;
    this.#report(entry.at, "name is empty");
    return false;
  }

  #report(at: TomlPosition, reason: string): void {
    this.problems.push({ line: at.line, column: at.column, reason });
  }
}

function hasId(node: TomlNode): boolean {
  return node.kind === "table" && node.entries.has(ID);
}
