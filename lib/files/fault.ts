/**
 * Faults of the local file system, translated in one place.
 *
 * @module
 */

import { escapeControls } from "../log/mod.ts";

/** What can go wrong with a local file. */
export type FileFaultCode =
  | "exists"
  | "missing"
  | "denied"
  | "full"
  | "not-a-file"
  | "not-a-folder"
  | "name" // a name that must not be created here
  | "exposed" // others than its owner can write to it
  | "changed" // other content than a moment before
  | "failed";

/** A fault of the local file system. */
export class FileFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "FileFault";
  /** Which kind of fault. */
  readonly code: FileFaultCode;

  /** The message says what was tried, with which file, and what came of it. */
  constructor(code: FileFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Classes of the runtime; its functions in `node:fs` throw errors that have the code only. */
const CODES: readonly (readonly [new () => Error, string, FileFaultCode, string])[] = [
  [Deno.errors.AlreadyExists, "EEXIST", "exists", "it exists already"],
  [Deno.errors.NotFound, "ENOENT", "missing", "no such file or folder"],
  [Deno.errors.PermissionDenied, "EACCES", "denied", "permission denied"],
  [Deno.errors.NotCapable, "", "denied", "not permitted to this program"],
  [Deno.errors.NotADirectory, "ENOTDIR", "not-a-folder", "a part of the path is no folder"],
  [Deno.errors.IsADirectory, "EISDIR", "not-a-file", "it is a folder"],
  [Deno.errors.FilesystemLoop, "ELOOP", "failed", "too many links"],
];

const FULL = /os error (?:28|122)\b|ENOSPC|EDQUOT/; // no space, quota

/**
 * Turns an error of the platform into a fault.
 *
 * @param action What was tried, such as `read`.
 */
export function toFileFault(error: unknown, action: string, path: string): FileFault {
  if (error instanceof FileFault) return error;
  const text = error instanceof Error ? error.message : String(error);
  const number = error instanceof Error && "code" in error ? error.code : undefined;
  const [, , code, reason] = FULL.test(text)
    ? [undefined, "", "full" as const, "the disk is full"]
    : CODES.find(([type, own]) => error instanceof type || number === own) ??
      [undefined, "", "failed" as const, text.replace(/: \w+ '.*$| \(os error \d+\).*$/s, "")];
  return new FileFault(code, `Cannot ${action} "${escapeControls(path)}": ${reason}`, {
    cause: error,
  });
}

/** Runs a file operation and translates what it throws. */
export async function withFile<T>(
  action: string,
  path: string,
  operation: () => T | Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toFileFault(error, action, path);
  }
}
