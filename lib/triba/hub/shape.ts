/**
 * Shapes of JSON values: one description both checks a value and is its JSON Schema (2020-12), so
 * that the two cannot differ.
 *
 * @module
 */

/** A part of a JSON Schema. */
export type JsonSchema = { readonly [key: string]: unknown };

/** A JSON value that has not the shape that it should have. */
export class JsonFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "JsonFault";

  /** The message names the place, as `call.room`, and never the value: it may be a secret. */
  constructor(path: string, state: string) {
    super(`${path === "" ? "The line" : path} ${state}`);
  }
}

/** Where a value stands, and how it is read. */
export interface Place {
  /** The keys from the root, joined by dots. */
  readonly path: string;
  /** Whether unknown keys are faults; else they are left out, for a peer of a later version. */
  readonly strict: boolean;
  /** How many shapes that refer to themselves are around it. */
  readonly depth: number;
}

/** What a value must be like. */
export interface JsonShape<T> {
  /** Checks a value; what it returns has no key that the shape does not know. @throws {JsonFault} */
  read(value: unknown, place: Place): T;
  /** The same as a schema. */
  readonly schema: JsonSchema;
  /** Whether a key with this shape may be missing. */
  readonly optional?: true;
}

/** The shape of each field of an object. */
export type JsonFields<T extends object> = {
  readonly [K in keyof T]-?: JsonShape<T[K]>;
};

/** The fields of each variant of a union that is told apart by `type`. */
export type JsonVariants<T extends { readonly type: string }> = {
  readonly [K in T["type"]]: JsonFields<Omit<Extract<T, { readonly type: K }>, "type">>;
};

/** A schema for a set of shapes that refer to each other. */
export const DEFINITIONS = "#/$defs/";

/** A shape inside itself deeper than this is refused: that many fit into a packet (section 6.1). */
const MOST_DEPTH = 6;

/** Any text. */
export const text: JsonShape<string> = {
  read: (value, { path }) => {
    if (typeof value !== "string") throw new JsonFault(path, "must be a text");
    if (!value.isWellFormed()) throw new JsonFault(path, "must be a text without lone surrogates");
    return value;
  },
  schema: { type: "string" },
};

/** True or false. */
export const bool: JsonShape<boolean> = {
  read: (value, { path }) => {
    if (typeof value !== "boolean") throw new JsonFault(path, "must be true or false");
    return value;
  },
  schema: { type: "boolean" },
};

/** A text of bounded length that is not empty. */
export function shortText(most: number): JsonShape<string> {
  return {
    read: (value, place) => {
      const read = text.read(value, place);
      const length = [...read].length; // as schemas count
      if (length >= 1 && length <= most) return read;
      throw new JsonFault(place.path, `must have 1 to ${most} characters`);
    },
    schema: { type: "string", minLength: 1, maxLength: most },
  };
}

/** A whole number within bounds. */
export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): JsonShape<number> {
  return {
    read: (value, { path }) => {
      if (typeof value === "number" && Number.isSafeInteger(value)) {
        if (value >= least && value <= most) return value;
      }
      throw new JsonFault(path, `must be a whole number from ${least} to ${most}`);
    },
    schema: { type: "integer", minimum: least, maximum: most },
  };
}

/** One of some texts. */
export function oneOf<const T extends string>(...words: readonly T[]): JsonShape<T> {
  return {
    read: (value, { path }) => {
      const found = words.find((word) => word === value);
      if (found === undefined) throw new JsonFault(path, `must be one of ${words.join(", ")}`);
      return found;
    },
    schema: words.length === 1 ? { const: words[0] } : { enum: words },
  };
}

/** The shape, or null. */
export function nullable<T>(shape: JsonShape<T>): JsonShape<T | null> {
  return {
    read: (value, place) => value === null ? null : shape.read(value, place),
    schema: { anyOf: [shape.schema, { type: "null" }] },
  };
}

/** A field that may be missing. */
export function optional<T>(shape: JsonShape<T>): JsonShape<T | undefined> {
  return { ...shape, optional: true };
}

/** Either of two shapes that no value has both of. */
export function either<A, B>(a: JsonShape<A>, b: JsonShape<B>, shown: string): JsonShape<A | B> {
  return {
    read: (value, place) => {
      for (const shape of [a, b] as const) {
        try {
          return shape.read(value, place);
        } catch (error) {
          if (!(error instanceof JsonFault)) throw error;
        }
      }
      throw new JsonFault(place.path, `must be ${shown}`);
    },
    schema: { anyOf: [a.schema, b.schema] },
  };
}

/** A list. */
export function list<T>(item: JsonShape<T>): JsonShape<readonly T[]> {
  return {
    read: (value, place) => {
      if (!Array.isArray(value)) throw new JsonFault(place.path, "must be a list");
      return value.map((each, i) => item.read(each, { ...place, path: `${place.path}[${i}]` }));
    },
    schema: { type: "array", items: item.schema },
  };
}

/** An object. */
export function object<T extends object>(fields: JsonFields<T>): JsonShape<T> {
  const shapes = Object.entries<JsonShape<unknown>>(fields);
  return {
    read: (value, place) => readFields(asObject(value, place), shapes, place) as T,
    schema: {
      type: "object",
      properties: Object.fromEntries(shapes.map(([key, { schema }]) => [key, schema])),
      required: shapes.filter(([, shape]) => !shape.optional).map(([key]) => key),
      additionalProperties: false,
    },
  };
}

/** A union of objects that are told apart by their field `type`. */
export function union<T extends { readonly type: string }>(
  variants: JsonVariants<T>,
): JsonShape<T> {
  const shapes = new Map(
    Object.entries<JsonFields<object>>(variants).map(([type, fields]) => [
      type,
      object<{ readonly type: string }>({ type: oneOf(type), ...fields }),
    ]),
  );
  return {
    read: (value, place) => {
      const { type } = asObject(value, place) as { readonly type?: unknown };
      const shape = typeof type === "string" ? shapes.get(type) : undefined;
      if (shape !== undefined) return shape.read(value, place) as T;
      throw new JsonFault(inner(place, "type"), `must be one of ${[...shapes.keys()].join(", ")}`);
    },
    schema: { oneOf: Array.from(shapes.values(), ({ schema }) => schema) },
  };
}

/** A shape under a name of `$defs`; it may refer to itself. */
export function named<T>(name: string, shape: () => JsonShape<T>): JsonShape<T> {
  return {
    read: (value, place) => {
      if (place.depth > MOST_DEPTH) throw new JsonFault(place.path, "is nested too deeply");
      return shape().read(value, { ...place, depth: place.depth + 1 });
    },
    schema: { $ref: `${DEFINITIONS}${name}` },
  };
}

function asObject(value: unknown, { path }: Place): object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new JsonFault(path, "must be an object");
}

function readFields(
  value: object,
  shapes: readonly (readonly [string, JsonShape<unknown>])[],
  place: Place,
): object {
  const given = new Map(Object.entries(value));
  const read: [string, unknown][] = [];
  for (const [key, shape] of shapes) {
    const path = inner(place, key);
    if (given.has(key)) read.push([key, shape.read(given.get(key), { ...place, path })]);
    else if (!shape.optional) throw new JsonFault(path, "is missing");
    given.delete(key);
  }
  if (place.strict && given.size > 0) {
    const known = shapes.map(([key]) => key).join(", ");
    throw new JsonFault(place.path, `has a key that is none of ${known}`);
  }
  return Object.fromEntries(read);
}

function inner({ path }: Place, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
