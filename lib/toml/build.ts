/**
 * The document behind a syntax tree: headers, dotted keys and inline tables merged into tables.
 *
 * @module
 */

import type { AST } from "toml-eslint-parser";
import {
  type TomlEntry,
  TomlFault,
  type TomlNode,
  type TomlPosition,
  type TomlTable,
} from "./node.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** A string that the parser did not see, by the offset where it begins. */
export type LongStrings = ReadonlyMap<number, { readonly raw: string; readonly value: string }>;

interface MutableTable extends TomlTable {
  readonly entries: Map<string, TomlEntry>;
}
interface MutableArray {
  readonly kind: "array";
  readonly at: TomlPosition;
  readonly items: TomlNode[];
}
type KeyNode = AST.TOMLBare | AST.TOMLQuoted;

/**
 * The root table.
 *
 * @param source What the literals are cut from.
 * @throws {TomlFault} for a key that is defined twice; the parser finds those first, as a rule.
 */
export function buildTree(
  program: AST.TOMLProgram,
  source: string,
  strings: LongStrings,
): TomlTable {
  return new Builder(source, strings).root(program.body[0]);
}

class Builder {
  readonly #source: string;
  readonly #strings: LongStrings;
  /** Tables and arrays under construction; what is not in here is closed. */
  readonly #tables = new Map<TomlNode, MutableTable>();
  readonly #arrays = new Map<TomlNode, MutableArray>();

  constructor(source: string, strings: LongStrings) {
    this.#source = source;
    this.#strings = strings;
  }

  root(top: AST.TOMLTopLevelTable): TomlTable {
    const root = this.#newTable({ line: 1, column: 1 });
    for (const part of top.body) {
      if (part.type === "TOMLKeyValue") this.#put(root, part);
      else {
        const table = this.#open(root, part);
        for (const pair of part.body) this.#put(table, pair);
      }
    }
    return root;
  }

  /** The table of a header. */
  #open(root: MutableTable, header: AST.TOMLTable): MutableTable {
    const [path, last] = split(header.key);
    const parent = this.#descend(root, path);
    const [key, at] = [this.#name(last), start(last)];
    const existing = parent.entries.get(key);
    if (header.kind === "standard") {
      if (existing === undefined) return this.#addTable(parent, key, at);
      return this.#tables.get(existing.node) ?? twice(at);
    }
    const array = existing === undefined ? this.#addArray(parent, key, at) : existing.node;
    const items = this.#arrays.get(array)?.items ?? twice(at);
    const table = this.#newTable(at);
    items.push(table);
    return table;
  }

  #put(table: MutableTable, pair: AST.TOMLKeyValue): void {
    const [path, last] = split(pair.key);
    const target = this.#descend(table, path);
    const [key, at] = [this.#name(last), start(last)];
    if (target.entries.has(key)) twice(at);
    target.entries.set(key, { key, at, node: this.#node(pair.value) });
  }

  /** The table at the end of a path; missing ones are made, arrays of tables mean their last. */
  #descend(table: MutableTable, path: readonly KeyNode[]): MutableTable {
    let current = table;
    for (const step of path) {
      const [key, at] = [this.#name(step), start(step)];
      const found = current.entries.get(key)?.node;
      if (found === undefined) current = this.#addTable(current, key, at);
      else {
        const node = this.#arrays.get(found)?.items.at(-1) ?? found;
        current = this.#tables.get(node) ?? twice(at);
      }
    }
    return current;
  }

  #addTable(parent: MutableTable, key: string, at: TomlPosition): MutableTable {
    const node = this.#newTable(at);
    parent.entries.set(key, { key, at, node });
    return node;
  }

  #addArray(parent: MutableTable, key: string, at: TomlPosition): MutableArray {
    const node: MutableArray = { kind: "array", at, items: [] };
    this.#arrays.set(node, node);
    parent.entries.set(key, { key, at, node });
    return node;
  }

  #newTable(at: TomlPosition): MutableTable {
    const table: MutableTable = { kind: "table", at, entries: new Map() };
    this.#tables.set(table, table);
    return table;
  }

  #name(key: KeyNode): string {
    if (key.type === "TOMLBare") return key.name;
    if (this.#strings.has(key.range[0])) throw new TomlFault(start(key), "key is too long");
    return key.value;
  }

  #node(content: AST.TOMLContentNode): TomlNode {
    const at = start(content);
    switch (content.type) {
      case "TOMLArray":
        return { kind: "array", at, items: content.elements.map((node) => this.#node(node)) };
      case "TOMLInlineTable": {
        const table = this.#newTable(at);
        for (const pair of content.body) this.#put(table, pair);
        return table;
      }
      case "TOMLValue":
        return this.#value(content, at);
    }
  }

  #value(node: AST.TOMLValue, at: TomlPosition): TomlNode {
    const raw = this.#source.slice(node.range[0], node.range[1]);
    switch (node.kind) {
      case "string":
        return { kind: "string", at, raw, value: node.value, ...this.#strings.get(node.range[0]) };
      case "integer":
        if (node.bigint < INT64_MIN || node.bigint > INT64_MAX) {
          return { kind: "invalid", at, reason: "integer beyond 64 bits" };
        }
        return { kind: "integer", at, raw, value: node.bigint };
      case "float":
        return { kind: "float", at, raw, value: node.value };
      case "boolean":
        return { kind: "boolean", at, value: node.value };
      default:
        return { kind: node.kind, at, raw };
    }
  }
}

function split(key: AST.TOMLKey): [readonly KeyNode[], KeyNode] {
  const last = key.keys.at(-1);
  if (last === undefined) throw new TomlFault(start(key), "key is missing");
  return [key.keys.slice(0, -1), last];
}

function start(node: AST.TOMLNode): TomlPosition {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

function twice(at: TomlPosition): never {
  throw new TomlFault(at, "key or table is defined twice");
}
