/**
 * A TOML 1.0 document as a tree: tables merged as the language says, order kept, and for every
 * value its place and its literal as written.
 *
 * @module
 */

/** A place in the source; a byte-order mark does not count. */
export interface TomlPosition {
  /** Line, counted from 1. */
  readonly line: number;
  /** Column in UTF-16 units, counted from 1. */
  readonly column: number;
}

/** What every value has. */
export interface TomlPlaced {
  /** Where the value begins. */
  readonly at: TomlPosition;
}

/** A string of any of the four forms. */
export interface TomlString extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: "string";
  /** The text, escapes resolved; line ends inside are LF. */
  readonly value: string;
  /** The literal as written, quotes included. */
  readonly raw: string;
}

/** A 64-bit integer. */
export interface TomlInteger extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: "integer";
  /** The number, -2^63 to 2^63 - 1. */
  readonly value: bigint;
  /** The literal as written. */
  readonly raw: string;
}

/** A binary64 number. */
export interface TomlFloat extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: "float";
  /** The number; infinite and NaN only where the source says so or overflows. */
  readonly value: number;
  /** The literal as written. */
  readonly raw: string;
}

/** A truth value. */
export interface TomlBoolean extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: "boolean";
  /** The truth value. */
  readonly value: boolean;
}

/** The four kinds of dates and times. */
export type TomlDateKind = "offset-date-time" | "local-date-time" | "local-date" | "local-time";

/** A date or time; it exists in the calendar. */
export interface TomlDate extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: TomlDateKind;
  /** The literal as written. */
  readonly raw: string;
}

/** A value whose literal is well formed but cannot be represented. */
export interface TomlInvalid extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: "invalid";
  /** What is wrong with it, without the value. */
  readonly reason: string;
}

/** An array, also one of tables. */
export interface TomlArray extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: "array";
  /** The elements. */
  readonly items: readonly TomlNode[];
}

/** A table: the root, one with a header, a dotted or an inline one. */
export interface TomlTable extends TomlPlaced {
  /** Which kind of value. */
  readonly kind: "table";
  /** The entries in the order of the source. */
  readonly entries: ReadonlyMap<string, TomlEntry>;
}

/** Any value. */
export type TomlNode =
  | TomlString
  | TomlInteger
  | TomlFloat
  | TomlBoolean
  | TomlDate
  | TomlInvalid
  | TomlArray
  | TomlTable;

/** A key with its value. */
export interface TomlEntry {
  /** The key, without quotes. */
  readonly key: string;
  /** Where the key stands for the first time. */
  readonly at: TomlPosition;
  /** The value. */
  readonly node: TomlNode;
}

/** Why a source is not TOML. Says where and why, never with what: the source holds secrets. */
export class TomlFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "TomlFault";
  /** Where it stands. */
  readonly at: TomlPosition;
  /** What is wrong, in words that quote nothing. */
  readonly reason: string;

  /** The message is the place and the reason. */
  constructor(at: TomlPosition, reason: string) {
    super(`Cannot read TOML: line ${at.line}, column ${at.column}: ${reason}`);
    this.at = at;
    this.reason = reason;
  }
}

/** The position of an offset; linear, so for faults only. */
export function positionAt(source: string, offset: number): TomlPosition {
  const before = source.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}
