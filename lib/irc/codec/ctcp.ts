/**
 * Messages inside messages: CTCP, of which `ACTION` is what people do.
 *
 * @module
 */

const MARK = "\x01";

/** A CTCP message. */
export interface Ctcp {
  /** A word in capital letters, such as `ACTION`. */
  readonly command: string;
  /** What follows it. */
  readonly text: string;
}

/** Reads a CTCP message; undefined for any other text. The mark at the end may be missing. */
export function parseCtcp(text: string): Ctcp | undefined {
  if (!text.startsWith(MARK)) return undefined;
  const inner = text.endsWith(MARK) && text.length > 1 ? text.slice(1, -1) : text.slice(1);
  const at = inner.indexOf(" ");
  return at < 0
    ? { command: inner.toUpperCase(), text: "" }
    : { command: inner.slice(0, at).toUpperCase(), text: inner.slice(at + 1) };
}

/** What people do, as the text of a `PRIVMSG`. */
export function formatAction(text: string): string {
  return `${MARK}ACTION ${text}${MARK}`;
}
