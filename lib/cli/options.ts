/**
 * Options as tables: one entry gives an option its name, type, default, environment name and help.
 * The key `maxSize` of a table is the option `--max-size`.
 *
 * @module
 */

/** What every option says of itself. */
export interface OptionTexts {
  /** One line for `--help`. */
  readonly help: string;
  /** A single letter that stands for it. */
  readonly short?: string;
  /** Other long names, without hyphens in front. */
  readonly aliases?: readonly string[];
  /** Environment variable that gives the value when the option is not given. */
  readonly env?: string;
}

/** An option whose parsed value is a `T`. */
export interface Option<T> extends OptionTexts {
  /** How its value is called in `--help`; undefined for a flag, which has none. */
  readonly value: string | undefined;
  /** Whether it may be given several times. */
  readonly repeatable: boolean;
  /** Its default as shown in `--help`. */
  readonly shown: string | undefined;
  /** Turns the texts that were given (none: the option is absent) into the value. */
  readonly parse: (texts: readonly string[]) => T;
}

/** A table of options. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values that a table's options parse to. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** An option without a value; its environment variable says yes or no. */
export function flag(texts: OptionTexts): Option<boolean> {
  return {
    ...texts,
    value: undefined,
    repeatable: false,
    shown: undefined,
    parse: (given) => given.length > 0 && given.every(yesOrNo),
  };
}

/** An option with a value that a function reads; the function throws a RangeError that says why not. */
export function value<T>(
  texts: OptionTexts & { readonly value: string; readonly parse: (text: string) => T },
): Option<T | undefined>;
/** The same with a default, written as a user would write it. */
export function value<T>(
  texts: OptionTexts & {
    readonly value: string;
    readonly parse: (text: string) => T;
    readonly default: string;
  },
): Option<T>;
export function value<T>(
  texts: OptionTexts & {
    readonly value: string;
    readonly parse: (text: string) => T;
    readonly default?: string;
  },
): Option<T | undefined> {
  const { parse, default: fallback, ...rest } = texts;
  return {
    ...rest,
    repeatable: false,
    shown: fallback,
    parse: (given) => {
      const text = given.at(-1) ?? fallback;
      return text === undefined ? undefined : parse(text);
    },
  };
}

/** An option that may be given several times. */
export function list<T>(
  texts: OptionTexts & { readonly value: string; readonly parse: (text: string) => T },
): Option<readonly T[]> {
  const { parse, ...rest } = texts;
  return { ...rest, repeatable: true, shown: undefined, parse: (given) => given.map(parse) };
}

/** Reads a value as it is. */
export function asText(text: string): string {
  return text;
}

/** Reads a switch: what a flag's environment variable may hold. */
function yesOrNo(text: string): boolean {
  if (/^(?:1|true|yes|on)$/i.test(text)) return true;
  if (/^(?:0|false|no|off)$/i.test(text)) return false;
  throw new RangeError("must be 1 or 0, true or false, yes or no, on or off");
}

/** Reads one of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new RangeError(`must be one of ${words.join(", ")}`);
    return found;
  };
}

/** Reads a whole number within bounds. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^[0-9]+$/.test(text) || number < least || number > most) {
      throw new RangeError(`must be a whole number from ${least} to ${most}`);
    }
    return number;
  };
}

/** Reads a time in seconds, fractions allowed, as milliseconds. */
export function seconds(text: string): number {
  const number = Number(text);
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text) || number <= 0 || number > 1e8) {
    throw new RangeError("must be a number of seconds above 0");
  }
  return Math.ceil(number * 1000);
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** Reads a size in bytes, with K, M, G or T for powers of 1024: `500M`. */
export function bytes(text: string): number {
  const match = /^([0-9]+)([KMGT]?)(?:iB|B)?$/i.exec(text);
  const number = match === null
    ? NaN
    : Number(match[1]) * (UNITS[(match[2] as string).toUpperCase()] as number);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError("must be a size in bytes such as 1000000, 64K, 500M or 2G");
  }
  return number;
}
