// Types of the parts of the standard library that come from npm as plain JavaScript, under the
// names they have on JSR. Whoever reaches JSR replaces the import map's lines and drops this file.

declare module "@std/assert" {
  /** Fails unless the value is truthy. */
  export function assert(value: unknown, message?: string): asserts value;
  /** Fails unless both are deeply equal. */
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  /** Fails if both are deeply equal. */
  export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  /** Fails unless the text contains the part. */
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;
  /** Fails unless the text matches. */
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  /** Fails unless the function throws; returns what it threw. */
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    // deno-lint-ignore no-explicit-any
    errorClass?: new (...args: any[]) => E,
    messageIncludes?: string,
    message?: string,
  ): E;
  /** Fails unless the promise rejects; returns what it rejected with. */
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    // deno-lint-ignore no-explicit-any
    errorClass?: new (...args: any[]) => E,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
}

declare module "@std/async/abortable" {
  /** The promise, or a rejection with the signal's reason once that is aborted. */
  export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
}

declare module "@std/async/delay" {
  /** Resolves after so many milliseconds; rejects with the signal's reason when that is aborted. */
  export function delay(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

declare module "@std/bytes/concat" {
  /** One array with the content of all. */
  export function concat(arrays: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
}

declare module "@std/cli/parse-args" {
  /** How {@linkcode parseArgs} reads its arguments. */
  export interface ParseOptions {
    /** Flags without a value. */
    readonly boolean?: readonly string[];
    /** Flags with a value. */
    readonly string?: readonly string[];
    /** Flags that may repeat. */
    readonly collect?: readonly string[];
    /** Stop at the first plain argument. */
    readonly stopEarly?: boolean;
    /** Put what follows `--` into a list of its own. */
    readonly "--"?: boolean;
    /** Called for each flag that is not named above; false drops it. */
    readonly unknown?: (argument: string, key?: string, value?: unknown) => unknown;
  }
  /** What {@linkcode parseArgs} found. */
  export interface Args {
    /** Plain arguments. */
    readonly _: readonly (string | number)[];
    /** What followed `--`. */
    readonly "--"?: readonly string[];
    /** A flag. */
    readonly [name: string]: unknown;
  }
  /** Reads command-line arguments. */
  export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
}

declare module "@std/cli/prompt-secret" {
  /** Asks on the terminal without showing what is typed; null where standard input is none. */
  export function promptSecret(
    message?: string,
    options?: { readonly mask?: string; readonly clear?: boolean },
  ): string | null;
}

declare module "@std/encoding/hex" {
  /** Bytes as lowercase hexadecimal. */
  export function encodeHex(src: string | Uint8Array | ArrayBuffer): string;
  /** Hexadecimal as bytes. */
  export function decodeHex(src: string): Uint8Array<ArrayBuffer>;
}

declare module "@std/toml/parse" {
  /** Reads TOML, leniently; for tests only. */
  export function parse(text: string): Record<string, unknown>;
}

declare module "@std/encoding/base64" {
  /** Bytes in the standard base64 alphabet, with padding. */
  export function encodeBase64(src: string | Uint8Array | ArrayBuffer): string;
  /** Standard base64 as bytes. */
  export function decodeBase64(src: string): Uint8Array<ArrayBuffer>;
}

declare module "@std/msgpack/decode" {
  /** What MessagePack holds, for this package. */
  export type ValueType =
    | number
    | bigint
    | string
    | boolean
    | null
    | Uint8Array
    | readonly ValueType[]
    | ValueMap;
  /** A map with texts as keys. */
  export interface ValueMap {
    /** An entry. */
    readonly [index: string | number]: ValueType;
  }
  /** Reads one value. */
  export function decode(src: Uint8Array): ValueType;
}

declare module "@std/msgpack/encode" {
  import type { ValueType } from "@std/msgpack/decode";
  /** Writes one value. */
  export function encode(object: ValueType): Uint8Array<ArrayBuffer>;
}
