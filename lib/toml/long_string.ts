/**
 * Strings that are too long for the parser: blanked out in the source that it reads, without
 * moving anything else, and read here.
 *
 * @module
 */

import { positionAt, TomlFault } from "./node.ts";
import type { StringSpan } from "./scan.ts";

const ESCAPE =
  /(\r\n)|\\(?:([btnfr"\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[ \t]*\r?\n[ \t\r\n]*|([^]|$))/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
};
// deno-lint-ignore no-control-regex -- what TOML forbids in strings; a line feed cannot be there
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** The source with these strings made short; every offset and line end stays where it is. */
export function blankStrings(source: string, spans: readonly StringSpan[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const span of spans) {
    parts.push(source.slice(done, span.start), blank(source.slice(span.start, span.end)));
    done = span.end;
  }
  return parts.join("") + source.slice(done);
}

/**
 * An empty string of the same length. Over several lines it is one that begins with a backslash,
 * which swallows all white space and line ends up to the closing delimiter on the last line.
 */
function blank(literal: string): string {
  const lastLine = literal.lastIndexOf("\n") + 1;
  if (lastLine === 0) return '""'.padEnd(literal.length);
  const inner = literal.slice(3, lastLine).replace(/[^\r\n]/g, " ").replace(" ", "\\");
  return `"""${inner}"""`.padEnd(literal.length);
}

/**
 * The text of such a string.
 *
 * @throws {TomlFault} for a control character or an escape that TOML does not know.
 */
export function readLongString(source: string, span: StringSpan): string {
  const contentEnd = span.end - span.quote.length;
  const content = source.slice(span.start + span.quote.length, contentEnd);
  const lines = span.quote.length === 3 ? content.replace(/^\r?\n/, "") : content;
  const start = contentEnd - lines.length;
  const control = lines.search(CONTROL);
  if (control >= 0) fail(source, start + control, "control character in a string");
  if (span.quote.startsWith("'")) return lines.replaceAll("\r\n", "\n");
  return lines.replace(ESCAPE, (...match) => {
    const [, lineEnd, short, four, eight, unknown] = match as (string | undefined)[];
    if (lineEnd !== undefined) return "\n";
    if (short !== undefined) return SHORT_ESCAPES[short] ?? "";
    const digits = four ?? eight;
    if (digits === undefined && unknown === undefined) return ""; // a line-ending backslash
    const code = Number.parseInt(digits ?? "", 16);
    if (code < 0xd800 || (code > 0xdfff && code <= 0x10ffff)) return String.fromCodePoint(code);
    const offset = match.at(-2) as number;
    return fail(source, start + offset, "escape that TOML does not know");
  });
}

function fail(source: string, offset: number, reason: string): never {
  throw new TomlFault(positionAt(source, offset), reason);
}
