/**
 * Shapes: how the values inside a body lie in MessagePack, stated once for both directions
 * (sections 6.1 and 7.3). Reading is lenient where the document is, and a wrong value is a fault
 * with code `argument`, which is answered and ends nothing.
 *
 * @module
 */

import { MsgpackFault, type MsgpackReader, type MsgpackValue } from "../../msgpack/mod.ts";
import { TribaFault } from "../fault.ts";

/** One kind of value: how it is read, and how it is written in the compact form. */
export interface Shape<T> {
  /**
   * Reads the next value.
   *
   * @throws {TribaFault} `argument`, or {MsgpackFault} `type` or `range`.
   */
  read(reader: MsgpackReader): T;
  /**
   * The value as it is encoded. Checks it, because it may come from a user's program as JSON.
   *
   * @throws {TribaFault} `argument`.
   */
  write(value: T): MsgpackValue;
  /** What stands for the value where a struct leaves it out; undefined if it must be there. */
  readonly missing?: { readonly value: T };
}

/**
 * Runs a read and turns a value of a wrong type or out of range into a fault with code `argument`.
 *
 * @throws {TribaFault} `argument`.
 */
export function readArgument<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MsgpackFault)) throw error;
    throw new TribaFault("argument", `Cannot read ${what}: ${error.message}`, { cause: error });
  }
}

/** A text. */
export const text: Shape<string> = {
  read: (reader) => reader.string(),
  write: (value) => typeof value === "string" ? value : refuse(value, "a text"),
};

/** True or false. */
export const bool: Shape<boolean> = {
  read: (reader) => reader.boolean(),
  write: (value) => typeof value === "boolean" ? value : refuse(value, "true or false"),
};

/** An integer from 0 to 65,535. */
export const u16: Shape<number> = integerUpTo(0xffff);
/** An integer from 0 to 2^32 - 1. */
export const u32: Shape<number> = integerUpTo(0xffff_ffff);
/** An integer from 0 to 2^53 - 1: above, a number would not be exact, and none is needed. */
export const u64: Shape<number> = integerUpTo(Number.MAX_SAFE_INTEGER);

/** Nil, or the value. */
export function option<T>(shape: Shape<T>): Shape<T | null> {
  return {
    missing: { value: null },
    read: (reader) => {
      if (reader.type !== "nil") return shape.read(reader);
      reader.nil();
      return null;
    },
    write: (value) => value === null ? null : shape.write(value),
  };
}

/** Any number of values. */
export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return {
    read: (reader) => {
      const items: T[] = [];
      for (let left = reader.array(); left > 0; left--) items.push(shape.read(reader));
      return items;
    },
    write: (items) => {
      if (!Array.isArray(items)) return refuse(items, "a list");
      return items.map((item: T) => shape.write(item));
    },
  };
}

/** A shape that is stated later, for values that hold values of their own kind. */
export function lazy<T>(shape: () => Shape<T>): Shape<T> {
  return {
    read: (reader) => shape().read(reader),
    write: (value) => shape().write(value),
  };
}

/** The shape of each field of a struct, in the order of the document. */
export type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/**
 * A struct: an array of its fields, or a map by name. Surplus elements and unknown names are passed
 * over, trailing options may be missing (section 7.3).
 */
export function struct<T extends object>(fields: Fields<T>): Shape<T> {
  const order = Object.entries(fields) as [string, Shape<unknown>][];
  return {
    read: (reader) => {
      const found = reader.type === "map" ? readNamed(reader, fields) : readInOrder(reader, order);
      return fillIn(found, order) as T;
    },
    write: (value) => {
      if (typeof value !== "object" || value === null) return refuse(value, "an object");
      return order.map(([name, shape]) => writeField(name, shape, value[name as keyof T]));
    },
  };
}

function integerUpTo(most: number): Shape<number> {
  return {
    read: (reader) => reader.unsigned(most),
    write: (value) => {
      if (Number.isInteger(value) && value >= 0 && value <= most) return value;
      return refuse(value, `a whole number up to ${most}`);
    },
  };
}

/** The value itself stays out of the message: it may be a secret. */
function refuse(value: unknown, wanted: string): never {
  const found = typeof value === "number"
    ? "another number"
    : value === null
    ? "null"
    : typeof value;
  throw new TribaFault("argument", `Cannot write a value: ${found} instead of ${wanted}`);
}

function writeField(name: string, shape: Shape<unknown>, value: unknown): MsgpackValue {
  if (value === undefined && shape.missing !== undefined) return shape.write(shape.missing.value);
  if (value !== undefined) return shape.write(value);
  throw new TribaFault("argument", `Cannot write a struct: no field "${name}"`);
}

function readInOrder(
  reader: MsgpackReader,
  order: readonly [string, Shape<unknown>][],
): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const length = reader.array();
  for (const [name, shape] of order.slice(0, length)) found.set(name, shape.read(reader));
  for (let surplus = length - order.length; surplus > 0; surplus--) reader.skip();
  return found;
}

function readNamed(
  reader: MsgpackReader,
  fields: { readonly [name: string]: unknown },
): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (let left = reader.map(); left > 0; left--) {
    const name = reader.string();
    if (!Object.hasOwn(fields, name)) {
      reader.skip();
      continue;
    }
    if (found.has(name)) {
      throw new TribaFault("argument", `Cannot read a struct: field "${name}" is there twice`);
    }
    found.set(name, (fields[name] as Shape<unknown>).read(reader));
  }
  return found;
}

function fillIn(
  found: ReadonlyMap<string, unknown>,
  order: readonly [string, Shape<unknown>][],
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, shape] of order) {
    if (found.has(name)) value[name] = found.get(name);
    else if (shape.missing !== undefined) value[name] = shape.missing.value;
    else throw new TribaFault("argument", `Cannot read a struct: no field "${name}"`);
  }
  return value;
}
