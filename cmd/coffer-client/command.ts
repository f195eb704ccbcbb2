/**
 * The command and its environment; becoming it.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { CommandFault } from "../../lib/process/fault.ts";
import type { Libc } from "../../lib/process/libc.ts";
import { type CommandLine, replaceProcess } from "../../lib/process/replace.ts";
import type { ClientOptions } from "./args.ts";
import { type Delivery, environmentOf } from "./delivery.ts";
import type { Inherited } from "./inherited.ts";

/** What `--clean-env` leaves. */
const KEPT = ["PATH", "HOME", "LANG", "TERM", "TMPDIR"];

/** A command that was looked up. */
export interface PreparedCommand {
  /** Its file. */
  readonly path: string;
  /** Its name as typed, and its arguments. */
  readonly words: readonly string[];
  /** The client's options. */
  readonly options: ClientOptions;
  /** What it is to get again. */
  readonly inherited: Inherited;
}

/**
 * The command with the secrets in its environment.
 *
 * @throws {CofferFault} with `bad-variable` for one that cannot be in an environment.
 */
export function commandLine(command: PreparedCommand, delivery: Delivery): CommandLine {
  const { path, words, options: { cleanEnv } } = command;
  const environment = new Map<string, string>();
  for (const name of cleanEnv ? KEPT : []) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment.set(name, value);
  }
  for (const [name, value] of environmentOf(delivery)) environment.set(name, value);
  return { path, words, environment, clearEnvironment: cleanEnv };
}

/**
 * Becomes the command; the result says why that was not possible.
 *
 * @throws The signal's reason, when it was aborted before the command could take the signal.
 */
export async function become(
  libc: Libc,
  line: CommandLine,
  inherited: Inherited,
  signal: AbortSignal,
): Promise<CommandFault> {
  inherited.restoreSignals();
  await delay(0); // what arrived before that is told to us now, what comes later ends us
  signal.throwIfAborted();
  inherited.restoreLimits();
  return replaceProcess(libc, line);
}
