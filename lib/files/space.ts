/**
 * Room on the disk, checked as soon as a size is known.
 *
 * @module
 */

import { FileFault, withFile } from "./fault.ts";

/** Bytes that this user can still write in the folder's file system. */
export async function freeBytes(folder: string): Promise<number> {
  const { statfs } = await import("node:fs/promises"); // not for programs that never ask
  return await withFile("look at", folder, async () => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  });
}

/**
 * Refuses a size that does not fit.
 *
 * @throws {FileFault} with code `full`.
 */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder);
  if (bytes > free) {
    throw new FileFault(
      "full",
      `Cannot write ${bytes} bytes into "${folder}": only ${free} bytes are free there`,
    );
  }
}
