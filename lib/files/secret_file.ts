/**
 * Files that hold secrets: read only where nobody else could have written them, written for this
 * user alone.
 *
 * @module
 */

import { FileFault, withFile } from "./fault.ts";
import { requireFree, TemporaryFile } from "./temporary.ts";

/** Permissions of a file with secrets. */
export const SECRET_FILE_MODE = 0o600;

const WRITABLE_BY_OTHERS = 0o022;
const READABLE_BY_OTHERS = 0o044;

/** A file with secrets that was read. */
export interface SecretFile {
  /** Its content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether its group or everybody can read it too: worth a warning. */
  readonly readableByOthers: boolean;
}

/**
 * Reads a file with secrets.
 *
 * @param most Largest size, in bytes.
 * @throws {FileFault} with code `exposed` when its group or everybody can write to it.
 */
export async function readSecretFile(path: string, most: number): Promise<SecretFile> {
  using file = await withFile("read", path, () => Deno.open(path));
  const { mode, size, isDirectory } = await withFile("read", path, () => file.stat());
  if (isDirectory) throw new FileFault("not-a-file", `Cannot read "${path}": it is a folder`);
  if (mode !== null && (mode & WRITABLE_BY_OTHERS) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, "0");
    const state = `others than its owner can write to it (mode ${shown})`;
    throw new FileFault("exposed", `Cannot trust "${path}": ${state}`);
  }
  if (size > most) {
    throw new FileFault("failed", `Cannot read "${path}": ${size} bytes are more than ${most}`);
  }
  const bytes = await withFile("read", path, () => readAll(file, most));
  if (bytes.length > most) {
    throw new FileFault("failed", `Cannot read "${path}": more than ${most} bytes`);
  }
  return { bytes, readableByOthers: mode !== null && (mode & READABLE_BY_OTHERS) !== 0 };
}

/** Pipes have no size, so the limit is kept while reading; up to one byte more than `most`. */
function readAll(file: Deno.FsFile, most: number): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(4096);
  let length = 0;
  while (length <= most) {
    if (length === bytes.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(bytes);
      bytes.fill(0);
      bytes = larger;
    }
    const count = file.readSync(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length); // a copy would leave the secret in memory that nobody wipes
}

/**
 * Writes a file that only this user can read; it appears under its name when it is complete.
 *
 * @param overwrite Whether a file of this name is replaced.
 * @throws {FileFault} with code `exists` if not.
 */
export async function writeSecretFile(
  path: string,
  bytes: Uint8Array,
  overwrite: boolean,
): Promise<void> {
  if (!overwrite) await requireFree(path);
  await using file = await TemporaryFile.create(path, SECRET_FILE_MODE);
  file.write(bytes);
  await file.place(path, overwrite);
}
