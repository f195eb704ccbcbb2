/**
 * Names that come from somebody else, before anything is created under them.
 *
 * @module
 */

/** Longest name that common file systems take, in bytes. */
export const MAX_NAME_BYTES = 255;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Why a received name is not created. */
export type NameRefusal =
  | "empty"
  | "not UTF-8"
  | "longer than 255 bytes"
  | "a reference to a folder"
  | "a path"
  | "a NUL byte"
  | "a name that Windows reserves";

/** Device names that Windows reserves, with any ending. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/i;

/** Whether a name received from a peer may be created in a folder; the reason if not. */
export function checkName(name: string, windows = false): NameRefusal | undefined {
  if (name === "") return "empty";
  if (name === "." || name === "..") return "a reference to a folder";
  if (!name.isWellFormed()) return "not UTF-8"; // it would be created under another name
  if (name.includes("\0")) return "a NUL byte";
  if (/[/\\]/.test(name)) return "a path";
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) return "longer than 255 bytes";
  // deno-lint-ignore no-control-regex -- Windows refuses these characters in names
  if (windows && (RESERVED.test(name) || /[:<>"|?*\x01-\x1f]|[. ]$/.test(name))) {
    return "a name that Windows reserves";
  }
  return undefined;
}

/** A name of raw bytes as text; undefined if it is not UTF-8. */
export function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
