/**
 * The secret of a configured account.
 *
 * @module
 */

import type { BackendAccount } from "./control.ts";
import { wipe } from "../../bytes/mod.ts";
import { FileFault, readSecretFile } from "../../files/mod.ts";

/** Largest file of a secret, in bytes; also bounds the packet that carries it. */
const MAX_SECRET_FILE_BYTES = 64 * 1024;

/**
 * Reads the secret of an account: the first line of its file.
 *
 * @throws {FileFault} `exposed` if others may write to the file, `failed` if there is no secret in
 *   it, or what else went wrong.
 */
export async function readAccountSecret(
  account: BackendAccount,
): Promise<{ readonly secret: string; readonly warning: string | undefined }> {
  const path = account.secretFile;
  const { bytes, readableByOthers } = await readSecretFile(path, MAX_SECRET_FILE_BYTES);
  const [line = ""] = new TextDecoder().decode(bytes).split("\n", 1);
  wipe(bytes);
  const secret = line.replace(/\r$/, "");
  if (secret === "") {
    throw new FileFault("failed", `Cannot use "${path}": there is no secret in its first line`);
  }
  const warning = readableByOthers ? `Others than its owner can read "${path}"` : undefined;
  return { secret, warning };
}
