/**
 * Reading files for a transfer, and noticing when they change meanwhile.
 *
 * @module
 */

import { PACE } from "../net/mod.ts";
import { FileFault, toFileFault } from "./fault.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * The content of a regular file in chunks; each chunk is overwritten when the next one is asked for.
 *
 * All calls are synchronous on purpose: the asynchronous forms halve the rate of large files, and
 * make a small one cost ten times as much. The event loop gets its turns all the same.
 *
 * @param size What the file had when it was looked at.
 * @throws {FileFault} with code `changed` when it has another size by now or was written meanwhile.
 */
export async function* readContent(
  path: string,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  using _loop = PACE.enter();
  while (PACE.isUsedUp()) await PACE.rest();
  using file = readSync(path, () => Deno.openSync(path));
  const before = readSync(path, () => file.statSync());
  const buffer = new Uint8Array(Math.min(size, CHUNK_BYTES));
  let left = size;
  while (left > 0) {
    const into = buffer.subarray(0, Math.min(left, CHUNK_BYTES));
    const count = readSync(path, () => file.readSync(into));
    if (count === null) throw changed(path);
    left -= count;
    yield buffer.subarray(0, count);
    while (PACE.isUsedUp()) await PACE.rest();
  }
  const after = readSync(path, () => file.statSync());
  if (after.size !== size || after.mtime?.getTime() !== before.mtime?.getTime()) {
    throw changed(path);
  }
}

function readSync<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toFileFault(error, "read", path);
  }
}

function changed(path: string): FileFault {
  return new FileFault("changed", `Cannot send "${path}": it changed while it was being sent`);
}
