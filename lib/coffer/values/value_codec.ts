/**
 * One value as CBOR: a map of one pair, variant name and content, as the original writes it, with
 * the extensions for dates and large integers (spec sections 9 and 14.2).
 *
 * @module
 */

import type { CborItem } from "../../cbor/mod.ts";
import { dateKind } from "./date.ts";
import { DATE_TAGS, TAG_INTEGER, unwrap, unwrapText } from "./tagged.ts";
import { INT64_MAX, INT64_MIN, type SecretValue } from "./value.ts";

/** What the reader of a reply is known to take. */
export interface ValueEncoding {
  /** Integers outside 32 bits as Integer; otherwise as tagged text, which no reader dies of. */
  readonly int64: boolean;
  /** Dates as Date; otherwise as tagged text. */
  readonly dates: boolean;
}

/** Loss-free for every reader, the original client included: what wide frames carry. */
export const EXACT_ENCODING: ValueEncoding = { int64: false, dates: false };
/** The seed's own types: for narrow frames, and for readers that asked for them (14.4). */
export const DESIGN_ENCODING: ValueEncoding = { int64: true, dates: true };

const VARIANTS = ["String", "Integer", "Float", "Boolean", "Date"] as const;
type Variant = (typeof VARIANTS)[number];

const DATE_TAG_NUMBERS: ReadonlySet<bigint> = new Set(Object.values(DATE_TAGS));

const INT32_MIN = -(2n ** 31n);
const INT32_MAX = 2n ** 31n - 1n;
/** `BigInt` by itself would also take an empty text, hexadecimal and blanks. */
const DECIMAL = /^-?(?:0|[1-9][0-9]{0,18})$/;

/** The value's item. */
export function encodeValue(secret: SecretValue, encoding: ValueEncoding): CborItem {
  switch (secret.type) {
    case "String":
      return variant("String", { type: "text", value: secret.value });
    case "Integer": {
      const { value } = secret;
      if (encoding.int64 || (value >= INT32_MIN && value <= INT32_MAX)) {
        return variant("Integer", { type: "integer", value });
      }
      return taggedText(TAG_INTEGER, String(value));
    }
    case "Float":
      return variant("Float", { type: "float", value: secret.value });
    case "Boolean":
      return variant("Boolean", { type: "boolean", value: secret.value });
    case "Date": {
      if (encoding.dates) return variant("Date", { type: "text", value: secret.value });
      const kind = dateKind(secret.value);
      if (kind === undefined) throw new TypeError("Cannot encode a date: not a valid text");
      return taggedText(DATE_TAGS[kind], secret.value);
    }
    default:
      return secret satisfies never;
  }
}

/** A value, or why the item is none; the reason quotes nothing. */
export type DecodedValue = { readonly value: SecretValue } | { readonly reason: string };

/** Reads a value in any form that the original client takes, and in those of 14.2. */
export function decodeValue(item: CborItem): DecodedValue {
  const parts = splitVariant(item);
  if (parts === undefined) return { reason: "not one variant with one content" };
  const [name, content] = parts;
  switch (readVariant(name)) {
    case "String":
      return decodeString(content);
    case "Date":
      return decodeDate(content);
    case "Integer": {
      const inner = unwrap(content);
      if (inner.type !== "integer") return { reason: "Integer without an integer" };
      if (!isInt64(inner.value)) return { reason: "Integer beyond 64 bits" };
      return { value: { type: "Integer", value: inner.value } };
    }
    case "Float": {
      const inner = unwrap(content);
      if (inner.type !== "float" && inner.type !== "integer") {
        return { reason: "Float without a number" };
      }
      return { value: { type: "Float", value: Number(inner.value) } };
    }
    case "Boolean": {
      const inner = unwrap(content);
      if (inner.type !== "boolean") return { reason: "Boolean without a truth value" };
      return { value: { type: "Boolean", value: inner.value } };
    }
    default:
      return { reason: "unknown variant" };
  }
}

/** `{variant: content}` in a definite map, or `[variant, content]`; no tag in front of either. */
function splitVariant(item: CborItem): readonly [CborItem, CborItem] | undefined {
  if (item.type === "map") {
    return item.pairs.length === 1 && item.indefinite !== true ? item.pairs[0] : undefined;
  }
  if (item.type !== "array" || item.items.length !== 2) return undefined;
  const [name, content] = item.items;
  return name === undefined || content === undefined ? undefined : [name, content];
}

/** A variant by name or by its place in the list. */
function readVariant(item: CborItem): Variant | undefined {
  const inner = unwrap(item);
  if (inner.type === "integer") {
    return VARIANTS.find((_, index) => BigInt(index) === inner.value);
  }
  const name = unwrapText(inner)?.text;
  return VARIANTS.find((known) => known === name);
}

function decodeString(content: CborItem): DecodedValue {
  const tagged = unwrapText(content);
  if (tagged === undefined) return { reason: "String without a text" };
  const { text, tag } = tagged;
  if (tag === TAG_INTEGER) return decodeDecimal(text);
  if (tag !== undefined && DATE_TAG_NUMBERS.has(tag)) return decodeDate(content);
  return { value: { type: "String", value: text } };
}

function decodeDecimal(text: string): DecodedValue {
  if (!DECIMAL.test(text) || !isInt64(BigInt(text))) {
    return { reason: "tagged text is not a 64-bit integer" };
  }
  return { value: { type: "Integer", value: BigInt(text) } };
}

function decodeDate(content: CborItem): DecodedValue {
  const tagged = unwrapText(content);
  if (tagged === undefined) return { reason: "Date without a text" };
  const { text, tag } = tagged;
  const kind = dateKind(text);
  if (kind === undefined) return { reason: "date that does not exist" };
  const means = tag === TAG_INTEGER || (tag !== undefined && DATE_TAG_NUMBERS.has(tag));
  if (means && tag !== DATE_TAGS[kind]) {
    return { reason: "date of another kind than its tag says" };
  }
  return { value: { type: "Date", value: text } };
}

function variant(name: Variant, content: CborItem): CborItem {
  return { type: "map", pairs: [[{ type: "text", value: name }, content]] };
}

function taggedText(tag: bigint, text: string): CborItem {
  return variant("String", { type: "tag", number: tag, item: { type: "text", value: text } });
}

function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}
