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

/** The tag that each kind of date is sent under. */
export const DATE_TAGS: Readonly<Record<DateKind, bigint>> = {
  "offset-date-time": TAG_DATE_TIME,
  "local-date": TAG_DATE,
  "local-date-time": TAG_LOCAL,
  "local-time": TAG_LOCAL,
};

/** A text and what its tag says. */
export interface TaggedText {
  /** The text. */
  readonly text: string;
  /** The number of its tag, if one tag and no other stands in front of it. */
  readonly tag: bigint | undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The item behind any tags: the original client reads past all of them. */
export function unwrap(item: CborItem): CborItem {
  return item.type === "tag" ? unwrap(item.item) : item;
}

/** The text behind any tags, given as text or as bytes; undefined for anything else. */
export function unwrapText(item: CborItem): TaggedText | undefined {
  const inner = unwrap(item);
  const tag = item.type === "tag" && item.item === inner ? item.number : undefined;
  if (inner.type === "text") return { text: inner.value, tag };
  if (inner.type !== "bytes") return undefined;
  try {
    return { text: utf8.decode(inner.value), tag };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
