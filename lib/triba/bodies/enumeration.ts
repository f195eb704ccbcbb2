/**
 * Enums: a variant without argument is its name, any other a map of one entry from the name to the
 * argument (section 6.1).
 *
 * @module
 */

import type { MsgpackReader, MsgpackValue } from "../../msgpack/mod.ts";
import { TribaFault } from "../fault.ts";
import { quote } from "../quote.ts";
import { type Fields, readArgument, type Shape, struct } from "./shape.ts";

/** One variant of an enum; its other fields are its argument. */
export interface Variant {
  /** The name on the wire. */
  readonly type: string;
}

/** A variant of a nested enum that a newer peer knows and this library does not. */
export interface UnknownVariant extends Variant {
  /** No variant of the document has this name. */
  readonly type: "Unknown";
  /** The name on the wire. */
  readonly name: string;
}

/** How the argument of one variant is laid out; `T` is the variant without its name. */
export interface ArgumentShape<T> {
  /** Reads the argument; undefined where the wire holds the name alone. */
  read(argument: MsgpackReader | undefined): T;
  /** The argument as it is encoded; undefined for none. */
  write(value: T): MsgpackValue | undefined;
}

/** The argument of each variant. */
export type Arguments<V extends Variant> = {
  readonly [K in Exclude<V["type"], "Unknown">]: ArgumentShape<
    Omit<Extract<V, { readonly type: K }>, "type">
  >;
};

/** No argument; a map from the name to nil is accepted. */
export const unit: ArgumentShape<object> = {
  read: (argument) => {
    argument?.nil();
    return {};
  },
  write: () => undefined,
};

/** One value, which the variant holds in a field of this name. */
export function newtype<K extends string, T>(
  field: K,
  shape: Shape<T>,
): ArgumentShape<{ readonly [P in K]: T }> {
  return {
    read: (argument) => ({ [field]: shape.read(demand(argument)) }) as { readonly [P in K]: T },
    write: (value) => shape.write(value[field]),
  };
}

/** Several fields, in the order of the document. */
export function fields<T extends object>(shapes: Fields<T>): ArgumentShape<T> {
  const shape = struct(shapes);
  return {
    read: (argument) => shape.read(demand(argument)),
    write: (value) => shape.write(value),
  };
}

/** An enum of the document. */
export class Enumeration<V extends Variant> implements Shape<V> {
  readonly #arguments: ReadonlyMap<string, ArgumentShape<object>>;
  readonly #open: boolean;

  /**
   * States the variants.
   *
   * @param variants The argument of each.
   * @param open Whether an unknown variant is read as {@linkcode UnknownVariant}, not refused.
   */
  constructor(variants: Arguments<V>, open = false) {
    this.#arguments = new Map(Object.entries<ArgumentShape<object>>(variants));
    this.#open = open;
  }

  /** The names of all variants. */
  get names(): readonly string[] {
    return [...this.#arguments.keys()];
  }

  /** Whether the document has this variant. */
  has(name: string): boolean {
    return this.#arguments.has(name);
  }

  /**
   * The variant of this name, which {@linkcode Enumeration.has} must know.
   *
   * @throws {TribaFault} `argument`.
   */
  decode(name: string, argument: MsgpackReader | undefined): V {
    const shape = this.#arguments.get(name);
    if (shape === undefined) {
      throw new TribaFault("argument", `Cannot read a variant: ${quote(name)} is unknown`);
    }
    return readArgument(
      `"${name}"`,
      () => ({ type: name, ...shape.read(argument) }) as unknown as V,
    );
  }

  /** Reads a variant inside a body. */
  read(reader: MsgpackReader): V {
    const { name, argument } = readVariant(reader);
    if (this.#open && !this.has(name)) return { type: "Unknown", name } as unknown as V;
    return this.decode(name, argument);
  }

  /** The variant as it is encoded. */
  write(value: V): MsgpackValue {
    const shape = this.#arguments.get(value?.type);
    if (shape === undefined) {
      throw new TribaFault(
        "argument",
        `Cannot write a variant: ${quote(String(value?.type))} is unknown`,
      );
    }
    const argument = shape.write(value);
    return argument === undefined ? value.type : { [value.type]: argument };
  }
}

/** A variant whose argument is not looked at yet. */
export interface RawVariant {
  /** The name on the wire. */
  readonly name: string;
  /** The argument; undefined where the wire holds the name alone. */
  readonly argument: MsgpackReader | undefined;
}

/**
 * Reads the name of a variant and passes over its argument.
 *
 * @throws {TribaFault} `argument` unless it is a text or a map of one entry from a text.
 */
export function readVariant(reader: MsgpackReader): RawVariant {
  if (reader.type === "string") return { name: reader.string(), argument: undefined };
  const entries = reader.map();
  if (entries !== 1) {
    throw new TribaFault("argument", `Cannot read a variant: a map of ${entries} entries`);
  }
  return { name: reader.string(), argument: reader.value() };
}

function demand(argument: MsgpackReader | undefined): MsgpackReader {
  if (argument !== undefined) return argument;
  throw new TribaFault("argument", "Cannot read the argument: there is none");
}
