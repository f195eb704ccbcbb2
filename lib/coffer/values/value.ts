/**
 * The values of entries: the five types of the seed, with 64-bit integers and binary64 floats.
 *
 * @module
 */

/** A value of one of the five types. */
export type SecretValue =
  | StringValue
  | IntegerValue
  | FloatValue
  | BooleanValue
  | DateValue;

/** Text. */
export interface StringValue {
  /** Which type. */
  readonly type: "String";
  /** The text. */
  readonly value: string;
}

/** A 64-bit integer. */
export interface IntegerValue {
  /** Which type. */
  readonly type: "Integer";
  /** The number, -2^63 to 2^63 - 1. */
  readonly value: bigint;
}

/** A binary64 number. */
export interface FloatValue {
  /** Which type. */
  readonly type: "Float";
  /** The number. */
  readonly value: number;
}

/** A truth value. */
export interface BooleanValue {
  /** Which type. */
  readonly type: "Boolean";
  /** The truth value. */
  readonly value: boolean;
}

/** A date or time of one of the four kinds (date.ts). */
export interface DateValue {
  /** Which type. */
  readonly type: "Date";
  /** Its text, valid, such as `1979-05-27T07:32:00Z`. */
  readonly value: string;
}

/** The entries of a shard by key, in the order of the definition. */
export type Secrets = ReadonlyMap<string, SecretValue>;

/** Smallest integer that TOML knows. */
export const INT64_MIN: bigint = -(2n ** 63n);
/** Largest integer that TOML knows. */
export const INT64_MAX: bigint = 2n ** 63n - 1n;

/** Whether both are the same value of the same type; NaN is the same as NaN, 0.0 not as -0.0. */
export function sameValue(a: SecretValue, b: SecretValue): boolean {
  return a.type === b.type && Object.is(a.value, b.value);
}

/** The text that a program finds in its environment (spec 14.2). */
export function formatValue(secret: SecretValue): string {
  return secret.type === "Float" ? formatFloat(secret.value) : String(secret.value);
}

/** The shortest digits that read back as the same number, never looking like an integer. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value).replace("e+", "e");
  return /[.e]/.test(text) ? text : `${text}.0`;
}
