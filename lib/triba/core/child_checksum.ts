/**
 * Whether a program is the one that the configuration means.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { FileFault, withFile } from "../../files/mod.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * Checks the SHA-256 of a program's file. Between the check and the start somebody who may write to
 * the file could still change it: this is against a wrong file, not against its owner.
 *
 * @param sha256 64 hexadecimal digits.
 * @throws {FileFault} with code `changed`.
 */
export async function verifyChecksum(path: string, sha256: string): Promise<void> {
  const found = await withFile("read", path, () => hashFile(path));
  if (found === sha256.toLowerCase()) return;
  throw new FileFault(
    "changed",
    `Cannot run "${path}": its SHA-256 is ${found}, the configuration has ${sha256.toLowerCase()}`,
  );
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK_BYTES);
  using file = await Deno.open(path);
  while (true) {
    const count = await file.read(buffer);
    if (count === null) return hash.digest("hex");
    hash.update(buffer.subarray(0, count));
  }
}
