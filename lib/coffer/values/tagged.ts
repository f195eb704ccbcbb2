/**
 * Texts behind tags: the form in which dates and large integers pass through the original client,
 * which sees the text and ignores the tag (spec 14.2).
 *
 * @module
 */

import type { CborItem } from "../../cbor/mod.ts";
import type { DateKind } from "./date.ts";

/** RFC 8949 3.4.1: a date and time with offset. */
export const TAG_DATE_TIME = 0n;
/** RFC 8943: a date. */
export const TAG_DATE = 1004n;
/** "cofd", not registered: a date and time, or a time, without offset. */
export const TAG_LOCAL = 0x636f6664n;
/** "cofi", not registered: an integer in decimal. */
export const TAG_INTEGER = 0x636f6669n;

const KNOWN: ReadonlySet<bigint> = new Set([TAG_DATE_TIME, TAG_DATE, TAG_LOCAL, TAG_INTEGER]);

/** The tag that each kind of date is sent under. */
export const DATE_TAGS: Readonly<Record<DateKind, bigint>> = {
  "offset-date-time": TAG_DATE_TIME,
  "local-date": TAG_DATE,
  "local-date-time": TAG_LOCAL,
  "local-time": TAG_LOCAL,
};

/** A text and those of the tags before it that mean something here, outermost first. */
export interface TaggedText {
  /** The text. */
  readonly text: string;
  /** Numbers of the known tags. */
  readonly tags: readonly bigint[];
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The item behind any tags; and those of them that mean something here. */
export function unwrap(item: CborItem): { readonly item: CborItem; readonly tags: bigint[] } {
  const tags: bigint[] = [];
  let inner = item;
  for (; inner.type === "tag"; inner = inner.item) {
    if (KNOWN.has(inner.number)) tags.push(inner.number);
  }
  return { item: inner, tags };
}

/** The text behind any tags, given as text or as bytes; undefined for anything else. */
export function unwrapText(item: CborItem): TaggedText | undefined {
  const { item: inner, tags } = unwrap(item);
  if (inner.type === "text") return { text: inner.value, tags };
  if (inner.type !== "bytes") return undefined;
  try {
    return { text: utf8.decode(inner.value), tags };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
