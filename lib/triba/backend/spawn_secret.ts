/**
 * The spawn secret on standard input (section 10).
 *
 * @module
 */

import { wipe } from "../../bytes/mod.ts";
import { parseSpawnLine, SPAWN_LINE_BYTES } from "../channel/sealed1.ts";
import { TribaFault } from "../fault.ts";

/** How long the core may take to write the secret, in milliseconds. */
const SECRET_TIMEOUT_MS = 5_000;

/** Reads what is there, at least one byte, into the buffer; null at the end. */
export type ReadInput = (into: Uint8Array) => Promise<number | null>;

/**
 * The secret of this spawn, if the core says that it has written one: then exactly the 45 bytes of
 * its line are taken, and nothing behind them. Without the variable nothing is read.
 *
 * @param seal Value of `TRIBA_SEAL`.
 * @throws {TribaFault} `spawn-secret`.
 */
export async function readSpawnSecret(
  seal: string | undefined,
  read: ReadInput,
  timeoutMs: number = SECRET_TIMEOUT_MS,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!seal) return undefined;
  if (seal !== "stdin") throw refuse('TRIBA_SEAL is set, and not to "stdin"');
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(refuse(`not there within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  const line = new Uint8Array(SPAWN_LINE_BYTES);
  try {
    await Promise.race([fill(line, read), late.promise]);
    return parseSpawnLine(line);
  } finally {
    clearTimeout(timer);
    wipe(line);
  }
}

async function fill(line: Uint8Array, read: ReadInput): Promise<void> {
  for (let length = 0; length < line.length;) {
    const count = await read(line.subarray(length));
    if (count === null) throw refuse(`it ends after ${length} of ${line.length} bytes`);
    length += count;
  }
}

function refuse(state: string): TribaFault {
  return new TribaFault(
    "spawn-secret",
    `Cannot read the spawn secret on standard input: ${state}`,
  );
}
