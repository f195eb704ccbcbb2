/**
 * Changes of single entries in the text of a definition: comments, order and layout stay. Whatever
 * the layout is, the result is read again, and is refused unless exactly this entry has changed.
 *
 * @module
 */

import { equalConstantTime } from "../../bytes/mod.ts";
import {
  parseToml,
  type TomlEntry,
  type TomlNode,
  type TomlPosition,
  type TomlTable,
} from "../../toml/mod.ts";
import { CofferFault, quote } from "../fault.ts";
import { readId } from "../keys/public_key.ts";
import { sameValue, type SecretValue } from "../values/value.ts";
import { type DefinedClient, type Definition, loadDefinition } from "./definition.ts";
import { renderKey, renderReadableValue } from "./literal.ts";

const BYTE_ORDER_MARK = "\uFEFF";
/** What may stand before the last part of a key on a line of its own: white space, other parts. */
const OWN_LINE = /^[ \t]*(?:(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')[ \t]*\.[ \t]*)*$/;

/**
 * The definition with an entry added or replaced.
 *
 * @throws {CofferFault} with `bad-definition` when there is no such client, or its place cannot be
 *   changed without changing more.
 */
export function setEntry(
  toml: string,
  publicKey: Uint8Array,
  key: string,
  value: SecretValue,
): string {
  const source = new Source(toml);
  const client = source.client(publicKey);
  const entry = client.entries.get(key);
  const literal = renderReadableValue(value);
  const changed = entry === undefined
    ? source.insert(client, key, literal)
    : source.replace(entry.at, literal);
  return verify(toml, changed, publicKey, key, value);
}

/**
 * The definition without an entry.
 *
 * @throws {CofferFault} with `bad-definition` when there is no such client or entry.
 */
export function unsetEntry(toml: string, publicKey: Uint8Array, key: string): string {
  const source = new Source(toml);
  const entry = source.client(publicKey).entries.get(key);
  if (entry === undefined) throw fault(`the client has no ${quote(key)}`);
  return verify(toml, source.remove(entry.at), publicKey, key, undefined);
}

/** A definition with its tree and its text. */
class Source {
  readonly #mark: string;
  readonly #text: string;
  readonly #lines: readonly number[];
  readonly #root: TomlTable;
  readonly #definition: Definition;

  constructor(toml: string) {
    this.#mark = toml.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
    this.#text = toml.slice(this.#mark.length);
    this.#definition = loadDefinition(new TextEncoder().encode(toml));
    this.#root = parseToml(this.#text);
    const lines = [0];
    for (let at = this.#text.indexOf("\n"); at >= 0; at = this.#text.indexOf("\n", at + 1)) {
      lines.push(at + 1);
    }
    this.#lines = lines;
  }

  client(publicKey: Uint8Array): DefinedClient {
    return clientOf(this.#definition, publicKey);
  }

  replace(at: TomlPosition, literal: string): string {
    const { start, end } = this.#valueSpan(this.#find(at));
    return this.#splice(start, end, literal);
  }

  /** The line, if the entry has lines of its own; else the entry and one comma. */
  remove(at: TomlPosition): string {
    const { end } = this.#valueSpan(this.#find(at));
    const keyStart = this.#offset(at);
    const { lineStart, before } = this.#before(keyStart);
    if (OWN_LINE.test(before)) return this.#splice(lineStart, this.#lineEnd(end), "");
    const comma = /^\s*,[ \t]*/.exec(this.#text.slice(end));
    if (comma !== null) return this.#splice(keyStart, end + comma[0].length, "");
    const isFirst = !before.trimEnd().endsWith(",");
    return this.#splice(isFirst ? keyStart : lineStart + before.lastIndexOf(","), end, "");
  }

  insert(client: DefinedClient, key: string, literal: string): string {
    const entry = `${renderKey(key)} = ${literal}`;
    const table = this.#tableOf(client);
    if (table === undefined) {
      const name = client.path.map(renderKey).join(".");
      const gap = this.#text === "" || this.#text.endsWith("\n") ? "" : this.#eol();
      return this.#splice(
        this.#text.length,
        this.#text.length,
        `${gap}${this.#eol()}[${name}]${this.#eol()}${entry}${this.#eol()}`,
      );
    }
    const last = [...table.entries.values()]
      .filter(({ node }) => node.kind !== "table" && node.kind !== "array")
      .toSorted((a, b) => this.#offset(a.at) - this.#offset(b.at)).at(-1);
    if (last === undefined) return this.#insertFirst(table, entry);
    const { end } = this.#valueSpan(last.node);
    const { before } = this.#before(this.#offset(last.at));
    if (!OWN_LINE.test(before)) return this.#splice(end, end, `, ${entry}`);
    return this.#insertLine(end, before + entry);
  }

  #insertFirst(table: TomlTable, entry: string): string {
    const at = this.#offset(table.at);
    if (this.#text[at] === "{") return this.#splice(at + 1, at + 1, ` ${entry} `);
    return this.#insertLine(at, entry);
  }

  /** A new line behind the one in which the offset lies. */
  #insertLine(offset: number, line: string): string {
    const end = this.#lineEnd(offset);
    const gap = end === this.#text.length && !this.#text.endsWith("\n") ? this.#eol() : "";
    return this.#splice(end, end, `${gap}${line}${this.#eol()}`);
  }

  /** The first table of the client's entries; undefined if it is declared only. */
  #tableOf(client: DefinedClient): TomlTable | undefined {
    let node: TomlNode = this.#root;
    for (const name of client.path) {
      const next: TomlNode | undefined = node.kind === "table"
        ? node.entries.get(name)?.node
        : undefined;
      if (next === undefined) return undefined;
      node = next;
    }
    if (node.kind !== "table") return undefined;
    const id = node.entries.get("id")?.node;
    if (id?.kind !== "string") return node; // the seed's shape: the name is declared elsewhere
    const read = readId(id.value);
    return "key" in read && equalConstantTime(read.key, client.publicKey) ? node : undefined;
  }

  #find(at: TomlPosition): TomlNode {
    const found = findEntry(this.#root, at)?.node;
    if (found === undefined) throw fault("the entry's place was not found");
    return found;
  }

  #valueSpan(node: TomlNode): { readonly start: number; readonly end: number } {
    const start = this.#offset(node.at);
    const length = "raw" in node
      ? node.raw.length
      : node.kind === "boolean"
      ? String(node.value).length
      : 0;
    return { start, end: start + length };
  }

  #before(offset: number): { readonly lineStart: number; readonly before: string } {
    const lineStart = this.#text.lastIndexOf("\n", offset - 1) + 1;
    return { lineStart, before: this.#text.slice(lineStart, offset) };
  }

  /** The offset behind the line's end. */
  #lineEnd(offset: number): number {
    const at = this.#text.indexOf("\n", offset);
    return at < 0 ? this.#text.length : at + 1;
  }

  #offset({ line, column }: TomlPosition): number {
    return (this.#lines[line - 1] ?? 0) + column - 1;
  }

  #eol(): string {
    return this.#text.includes("\r\n") ? "\r\n" : "\n";
  }

  #splice(start: number, end: number, text: string): string {
    return this.#mark + this.#text.slice(0, start) + text + this.#text.slice(end);
  }
}

function findEntry(table: TomlTable, at: TomlPosition): TomlEntry | undefined {
  for (const entry of table.entries.values()) {
    const { node } = entry;
    const found = node.kind === "table" ? findEntry(node, at) : undefined;
    if (found !== undefined) return found;
    if (node.kind !== "table" && entry.at.line === at.line && entry.at.column === at.column) {
      return entry;
    }
  }
  return undefined;
}

function clientOf(definition: Definition, publicKey: Uint8Array): DefinedClient {
  const found = definition.clients.find((client) => equalConstantTime(client.publicKey, publicKey));
  if (found === undefined) throw fault("there is no such client");
  return found;
}

/** The new text, unless more or less than the one entry is different in it. */
function verify(
  before: string,
  after: string,
  publicKey: Uint8Array,
  key: string,
  value: SecretValue | undefined,
): string {
  const [old, now] = [before, after].map(loadText);
  const isRight = now !== undefined && old !== undefined &&
    now.clients.length === old.clients.length &&
    old.clients.every((client) => {
      const same = now.clients.find((other) =>
        equalConstantTime(other.publicKey, client.publicKey)
      );
      if (same === undefined) return false;
      const wanted = new Map(Array.from(client.entries, ([name, entry]) => [name, entry.value]));
      if (equalConstantTime(client.publicKey, publicKey)) {
        if (value === undefined) wanted.delete(key);
        else wanted.set(key, value);
      }
      return wanted.size === same.entries.size &&
        [...wanted].every(([name, one]) => {
          const other = same.entries.get(name)?.value;
          return other !== undefined && sameValue(one, other);
        });
    });
  if (!isRight) throw fault("its layout is too unusual, change it by hand");
  return after;
}

function loadText(toml: string): Definition | undefined {
  try {
    return loadDefinition(new TextEncoder().encode(toml));
  } catch (error) {
    if (error instanceof CofferFault) return undefined;
    throw error;
  }
}

function fault(state: string): CofferFault {
  return new CofferFault("bad-definition", `Cannot change the definition: ${state}`);
}
