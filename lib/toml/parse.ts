/**
 * Reads TOML 1.0 with toml-eslint-parser and turns its syntax tree into a document. Nothing of the
 * parser's own messages goes out: only the place and a reason in our words.
 *
 * @module
 */

import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { buildTree } from "./build.ts";
import { blankStrings, readLongString } from "./long_string.ts";
import { TomlFault, type TomlTable } from "./node.ts";
import { scanSource } from "./scan.ts";

const BYTE_ORDER_MARK = "\uFEFF";

// The parser's messages, and what we say. A message that is not listed could quote the source.
const REASONS: Readonly<Record<string, string>> = {
  "Unterminated string constant": "string without an end",
  "Unterminated table-key": "table header without an end",
  "Unterminated array": "array without an end",
  "Unterminated inline table": "inline table without an end",
  "Empty bare keys are not allowed": "key is missing",
  "Must be a newline": "line should end here",
  "Expected equal (=) token": "equals sign is missing",
  "Unspecified values are invalid": "value is missing",
  "Expected comma (,) token": "comma is missing",
  "Defining a key multiple times is invalid": "key or table is defined twice",
  "Unexpected character": "unexpected character",
  "Unexpected token": "unexpected word or sign",
  "Control characters (codes < 0x1f and 0x7f) are not allowed": "control character",
  "The key, equals sign, and value must be on the same line": "key and value on different lines",
  "No newlines are allowed between the curly braces unless they are valid within a value":
    "line end in an inline table",
  "Underscores are allowed between digits": "underscore that is not between digits",
  "Unexpected spaces": "blank that is not allowed here",
  "Three or more quotes are not permitted": "three quotes in a row inside a string",
  "Unexpected invalid date": "date that is not in the calendar",
  "Unexpected invalid time": "time that is not on the clock",
  "Leading zeros are not allowed": "number with a leading zero",
  "Trailing comma is not permitted in an inline table": "comma at the end of an inline table",
  "Invalid character in escape sequence": "escape that TOML does not know",
  "Consecutive dots are not permitted in keys": "two dots in a row in a key",
  "Keys cannot end with a dot": "key that ends in a dot",
  "Keys cannot start with a dot": "key that begins with a dot",
};

/**
 * The root table of a document.
 *
 * @param text A byte-order mark at the front is skipped; lines end in LF or CRLF.
 * @throws {TomlFault} at the first place that is not TOML 1.0.
 */
export function parseToml(text: string): TomlTable {
  const source = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const spans = scanSource(source);
  const program = parseProgram(blankStrings(source, spans));
  const strings = new Map(spans.map((span) => [span.start, {
    raw: source.slice(span.start, span.end),
    value: readLongString(source, span),
  }]));
  return buildTree(program, source, strings);
}

function parseProgram(source: string): AST.TOMLProgram {
  try {
    return parseTOML(source, { tomlVersion: "1.0" });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const at = { line: error.lineNumber, column: error.column + 1 };
    throw new TomlFault(at, REASONS[error.message] ?? "not TOML");
  }
}
