/**
 * Names and values as TOML literals.
 *
 * @module
 */

import { formatValue, type SecretValue } from "../values/value.ts";

/** A key, in quotes only where it needs them. */
export function renderKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : renderString(key);
}

/** A text on one line; JSON's escapes are a part of TOML's, and DEL needs one in TOML only. */
export function renderString(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}

/** A value as it stands behind the equals sign. */
export function renderValue(value: SecretValue): string {
  return value.type === "String" ? renderString(value.value) : formatValue(value);
}

// deno-lint-ignore no-control-regex -- what a readable text does not hold
const NOT_READABLE = /[\0-\x08\x0b-\x1f\x7f]|\p{Cs}/u;

/** A value for a file that people read: a text of several lines stays one. */
export function renderReadableValue(value: SecretValue): string {
  if (value.type !== "String" || !value.value.includes("\n") || NOT_READABLE.test(value.value)) {
    return renderValue(value);
  }
  const lines = value.value.replace(/\\/g, "\\\\").replace(/""(?=")/g, '""\\')
    .replace(/"$/, '\\"');
  return `"""\n${lines}"""`;
}
