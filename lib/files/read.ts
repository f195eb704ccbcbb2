/**
 * Reading files for a transfer, and noticing when they change meanwhile.
 *
 * @module
 */

import { FileFault, toFileFault, withFile } from "./fault.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * The content of a file in chunks; each chunk is overwritten when the next one is asked for.
 *
 * @param size What the file had when it was looked at.
 * @throws {FileFault} with code `changed` when it has another size by now or was written meanwhile.
 */
export async function* readContent(
  path: string,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  using file = await withFile("read", path, () => Deno.open(path));
  const before = await withFile("read", path, () => file.stat());
  const buffer = new Uint8Array(CHUNK_BYTES);
  let left = size;
  while (left > 0) {
    const count = readSome(file, path, buffer.subarray(0, Math.min(left, CHUNK_BYTES)));
    if (count === null) throw changed(path);
    left -= count;
    yield buffer.subarray(0, count);
  }
  const after = await withFile("read", path, () => file.stat());
  if (after.size !== size || after.mtime?.getTime() !== before.mtime?.getTime()) {
    throw changed(path);
  }
}

/** Synchronous on purpose: for regular files it is twice as fast as the asynchronous form. */
function readSome(file: Deno.FsFile, path: string, into: Uint8Array): number | null {
  try {
    return file.readSync(into);
  } catch (error) {
    throw toFileFault(error, "read", path);
  }
}

function changed(path: string): FileFault {
  return new FileFault("changed", `Cannot send "${path}": it changed while it was being sent`);
}
