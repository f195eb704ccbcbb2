/**
 * Reads configurations strictly: what is missing, of the wrong kind or unknown is put on a list, so
 * that a user gets all errors at once. No reason quotes a value: it may be a secret.
 *
 * @module
 */

import { editDistance } from "../cli/mod.ts";
import { escapeControls } from "../log/mod.ts";
import type { TomlNode, TomlPosition, TomlTable } from "./node.ts";

/** What is wrong with a configuration, and where. */
export interface TomlProblem extends TomlPosition {
  /** What is wrong, naming keys but never values. */
  readonly reason: string;
}

/** A named table inside a table. */
export interface NamedTable {
  /** Its key. */
  readonly name: string;
  /** Its content. */
  readonly reader: TableReader;
}

/** An unknown key with at most so many letters wrong is taken for a slip. */
const MOST_SLIPS = 2;

/** Reads one table. Each key is asked for once; then {@linkcode TableReader.end} finds the rest. */
export class TableReader {
  /** Where the table begins. */
  readonly at: TomlPosition;
  readonly #table: TomlTable;
  readonly #problems: TomlProblem[];
  readonly #known = new Set<string>();

  /** Puts problems on the list. */
  constructor(table: TomlTable, problems: TomlProblem[]) {
    this.at = table.at;
    this.#table = table;
    this.#problems = problems;
  }

  /** Whether the key is there, asked for or not. */
  has(key: string): boolean {
    return this.#table.entries.has(key);
  }

  /** Where the value of a key is, or the table where there is none. */
  place(key: string): TomlPosition {
    return this.#table.entries.get(key)?.node.at ?? this.at;
  }

  /** Puts a problem on the list; at the table's place unless another is given. */
  report(reason: string, at: TomlPosition = this.at): void {
    this.#problems.push({ line: at.line, column: at.column, reason });
  }

  /** A text, which a function reads; it throws a RangeError that says why not. */
  text<T>(key: string, parse: (text: string) => T): T | undefined {
    const node = this.#take(key, "string", "a text");
    return node === undefined ? undefined : this.#parse(key, node.at, () => parse(node.value));
  }

  /** A text that must be there. */
  requiredText<T>(key: string, parse: (text: string) => T): T | undefined {
    if (!this.has(key)) this.report(`${quote(key)} is missing`);
    return this.text(key, parse);
  }

  /** A number within bounds, whole or not. */
  number(key: string, least: number, most: number): number | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    const number = node.kind === "integer" || node.kind === "float" ? Number(node.value) : NaN;
    if (number >= least && number <= most) return number;
    this.report(`${quote(key)} must be a number from ${least} to ${most}`, node.at);
    return undefined;
  }

  /** A list of texts. */
  texts(key: string): readonly string[] | undefined {
    const node = this.#take(key, "array", "a list of texts");
    if (node === undefined) return undefined;
    return node.items.flatMap((item) => {
      if (item.kind === "string") return [item.value];
      this.report(`${quote(key)} must hold nothing but texts`, item.at);
      return [];
    });
  }

  /** A table of texts. */
  textTable<T>(
    key: string,
    parse: (name: string, text: string) => T,
  ): ReadonlyMap<string, T> | undefined {
    const node = this.#take(key, "table", "a table of texts");
    if (node === undefined) return undefined;
    const texts = new Map<string, T>();
    for (const { key: name, at, node: value } of node.entries.values()) {
      if (value.kind !== "string") {
        this.report(`${quote(name)} must be a text`, value.at);
        continue;
      }
      const parsed = this.#parse(name, at, () => parse(name, value.value));
      if (parsed !== undefined) texts.set(name, parsed);
    }
    return texts;
  }

  /** A table. */
  table(key: string): TableReader | undefined {
    const node = this.#take(key, "table", "a table");
    return node === undefined ? undefined : new TableReader(node, this.#problems);
  }

  /** A table of tables, in the order of the file. */
  tables(key: string): readonly NamedTable[] {
    const node = this.#take(key, "table", "a table of tables");
    if (node === undefined) return [];
    return Array.from(node.entries.values()).flatMap(({ key: name, at, node: inner }) => {
      if (inner.kind === "table") {
        return [{ name, reader: new TableReader(inner, this.#problems) }];
      }
      this.report(`${quote(name)} must be a table`, at);
      return [];
    });
  }

  /** Reports every key that was not asked for. */
  end(): void {
    for (const { key, at } of this.#table.entries.values()) {
      if (this.#known.has(key)) continue;
      const near = [...this.#known]
        .map((known) => ({ known, slips: editDistance(known, key) }))
        .sort((a, b) => a.slips - b.slips)[0];
      const hint = near !== undefined && near.slips <= Math.min(MOST_SLIPS, key.length / 2)
        ? `did you mean ${quote(near.known)}?`
        : `known are ${[...this.#known].join(", ")}`;
      this.report(`unknown key ${quote(key)}: ${hint}`, at);
    }
  }

  #node(key: string): TomlNode | undefined {
    this.#known.add(key);
    return this.#table.entries.get(key)?.node;
  }

  #take<K extends TomlNode["kind"]>(
    key: string,
    kind: K,
    shown: string,
  ): Extract<TomlNode, { readonly kind: K }> | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    if (node.kind === kind) return node as Extract<TomlNode, { readonly kind: K }>;
    this.report(`${quote(key)} must be ${shown}`, node.at);
    return undefined;
  }

  #parse<T>(key: string, at: TomlPosition, parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.report(`${quote(key)} ${error.message}`, at);
      return undefined;
    }
  }
}

/** Problems in the order of the file. */
export function sortProblems(problems: readonly TomlProblem[]): TomlProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function quote(key: string): string {
  return `"${escapeControls(key)}"`;
}
