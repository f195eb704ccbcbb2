/**
 * A first look at a source, before the parser: refuses what the parser would take for something
 * else or overflow its stack on, and finds strings that are too long for it.
 *
 * The parser hands the characters of a string to one call as arguments, and recurses for nested
 * values; measured, it fails above 120,000 characters and 1,000 levels.
 *
 * @module
 */

import { positionAt, TomlFault } from "./node.ts";

/** Longest string that the parser gets to see, in UTF-16 units. */
export const LONG_STRING = 50_000;
/** Deepest nesting of arrays and inline tables. */
export const MAX_NESTING = 100;
/** Longest bare key or number, in characters. */
export const MAX_BARE = 4096;

/** The four delimiters of a string. */
export type Quote = '"' | "'" | '"""' | "'''";

/** Where a string stands, delimiters included. */
export interface StringSpan {
  /** Offset of the first delimiter. */
  readonly start: number;
  /** Offset after the last one. */
  readonly end: number;
  /** The delimiter. */
  readonly quote: Quote;
}

const ELEMENT = /"""|'''|["'#]|[[{]|[\]}]|[A-Za-z0-9_+.:-]+/g;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;

/**
 * The strings that are longer than {@linkcode LONG_STRING}.
 *
 * @throws {TomlFault} for a lone carriage return, deep nesting, or a bare word that is too long.
 */
export function scanSource(source: string): StringSpan[] {
  const loneReturn = source.search(/\r(?!\n)/);
  if (loneReturn >= 0) fail(source, loneReturn, "carriage return without line feed");
  const long: StringSpan[] = [];
  let depth = 0;
  const element = new RegExp(ELEMENT);
  for (let match = element.exec(source); match !== null; match = element.exec(source)) {
    const [start, found] = [match.index, match[0]];
    switch (found) {
      case "#": {
        const end = source.indexOf("\n", start);
        if (end < 0) return long;
        element.lastIndex = end;
        break;
      }
      case '"':
      case "'":
      case '"""':
      case "'''": {
        const end = endOfString(source, start, found);
        if (end === undefined) return long; // the parser knows what to say about it
        if (end - start > LONG_STRING) long.push({ start, end, quote: found });
        element.lastIndex = end;
        break;
      }
      case "[":
      case "{":
        if (++depth > MAX_NESTING) fail(source, start, "values are nested too deeply");
        break;
      case "]":
      case "}":
        depth--;
        break;
      default:
        if (found.length > MAX_BARE) fail(source, start, "a bare key or number is too long");
    }
  }
  return long;
}

/** The offset after the closing delimiter, or undefined if there is none. */
function endOfString(source: string, start: number, quote: Quote): number | undefined {
  const multiline = quote.length === 3;
  const escapes = quote.startsWith('"');
  for (let at = start + quote.length; at < source.length; at++) {
    const code = source.charCodeAt(at);
    if (escapes && code === BACKSLASH) at++;
    else if (code === LINE_FEED && !multiline) return undefined;
    else if (source.startsWith(quote, at)) {
      const end = at + quote.length;
      return multiline ? end + extraQuotes(source, end, quote.charAt(0)) : end;
    }
  }
  return undefined;
}

/** A multi-line string may end in one or two quotes of its own, before the delimiter. */
function extraQuotes(source: string, end: number, quote: string): number {
  if (source[end] !== quote) return 0;
  return source[end + 1] === quote ? 2 : 1;
}

function fail(source: string, offset: number, reason: string): never {
  throw new TomlFault(positionAt(source, offset), reason);
}
