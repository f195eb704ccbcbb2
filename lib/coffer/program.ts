/**
 * What coffer's three programs share: the meaning of their exit statuses, key files on disk, and
 * faults as messages for their users. Not exported by mod.ts, since it is no part of the protocol.
 *
 * @module
 */

import { EXIT, ExitFault } from "../cli/exit.ts";
import { FileFault } from "../files/fault.ts";
import { readSecretFile } from "../files/secret_file.ts";
import { NetFault } from "../net/stream.ts";
import { CofferFault, type CofferFaultCode, formatProblem } from "./fault.ts";
import { computeAsync } from "./keys/agreement.ts";
import { decodeKeyFile } from "./keys/certificate.ts";
import type { KeyPair } from "./keys/seal.ts";
import { x25519Web } from "./keys/x25519_web.ts";

/** Exit statuses of coffer's programs (spec 14.6). */
export const COFFER_EXIT = {
  /** Done. */
  done: EXIT.done,
  /** Key file, connection, local file. */
  failed: EXIT.failed,
  /** Wrong usage. */
  usage: EXIT.usage,
  /** The server refused, or did not know the key. */
  refused: 3,
  /** Protocol or cryptography. */
  protocol: 4,
} as const;

/** What they mean, for `--help`. */
export const COFFER_MEANINGS: Readonly<Record<number, string>> = {
  [COFFER_EXIT.failed]: "failed: key file, definition, connection or local file",
  [COFFER_EXIT.refused]: "the server refused or did not know the key",
  [COFFER_EXIT.protocol]: "protocol or cryptography: a seal that does not open, a broken reply",
};

/** No form that is read is longer by much than the 92 bytes that are written. */
const MAX_KEY_FILE_BYTES = 64 * 1024;

const STATUSES: Readonly<Record<CofferFaultCode, number>> = {
  "bad-key-file": COFFER_EXIT.failed,
  "bad-key": COFFER_EXIT.failed,
  "bad-definition": COFFER_EXIT.failed,
  "bad-seal": COFFER_EXIT.protocol,
  "bad-frame": COFFER_EXIT.protocol,
  "bad-message": COFFER_EXIT.protocol,
  "bad-reply": COFFER_EXIT.protocol,
  "bad-variable": COFFER_EXIT.protocol,
  "not-authenticated": COFFER_EXIT.protocol,
  "unknown-key": COFFER_EXIT.refused,
  "refused": COFFER_EXIT.refused,
  "closed": COFFER_EXIT.failed,
  "timeout": COFFER_EXIT.failed,
};

const FILE_HINTS: Readonly<Partial<Record<FileFault["code"], string>>> = {
  exposed: "Take the permission away (chmod 600), and make a new key if you do not trust this one",
  exists: "Choose another name, or replace it with --force",
  full: "Free some space",
  denied: "Check the permissions",
};

/** A key file that was read. */
export interface LoadedKey {
  /** Both keys. */
  readonly pair: KeyPair;
  /** Whether others than its owner can read the file: worth a warning. */
  readonly readableByOthers: boolean;
}

/**
 * Reads a key file from disk.
 *
 * @throws {FileFault} when it cannot be read, or others can write to it.
 * @throws {CofferFault} with `bad-key-file`, naming the file.
 */
export async function loadKeyFile(path: string): Promise<LoadedKey> {
  const { bytes, readableByOthers } = await readSecretFile(path, MAX_KEY_FILE_BYTES);
  try {
    return { pair: await computeAsync(decodeKeyFile(bytes), x25519Web), readableByOthers };
  } catch (error) {
    if (!(error instanceof CofferFault)) throw error;
    const state = error.message.replace(/^[^:]*: /, "");
    throw new CofferFault(error.code, `Cannot read the key file "${path}": ${state}`);
  } finally {
    bytes.fill(0);
  }
}

/** Runs a step on a file's content and lets its faults name the file and every problem in it. */
export async function withDefinition<T>(path: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof CofferFault)) throw error;
    if (error.code === "bad-seal") {
      const state = error.message.replace(/^[^:]*: /, "");
      throw new CofferFault(error.code, `Cannot open "${path}": ${state}`);
    }
    if (error.code !== "bad-definition") throw error;
    const lines = error.problems.map((problem) => formatProblem(path, problem));
    const count = lines.length === 1 ? "1 error" : `${lines.length} errors`;
    const message = [`Cannot use the definition "${path}": ${count}`, ...lines].join("\n");
    throw new CofferFault(error.code, message, error.problems);
  }
}

/** What to tell the user; anything that nobody expects is passed on as it is. */
export function toExitFault(error: unknown): unknown {
  if (error instanceof FileFault) {
    return new ExitFault(COFFER_EXIT.failed, error.message, FILE_HINTS[error.code], {
      cause: error,
    });
  }
  if (error instanceof NetFault) {
    return new ExitFault(COFFER_EXIT.failed, error.message, undefined, { cause: error });
  }
  if (error instanceof CofferFault) {
    return new ExitFault(STATUSES[error.code], error.message, undefined, { cause: error });
  }
  return error;
}
