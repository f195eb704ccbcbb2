/**
 * Becoming another program: same process, new image (execve(2)). Nothing of the runtime's is passed
 * on: it opens all its descriptors to be closed then.
 *
 * @module
 */

import { type CommandFault, commandFault } from "./fault.ts";
import type { Libc } from "./libc.ts";

/** A command and what it gets. */
export interface CommandLine {
  /** Its file, with a slash in it. */
  readonly path: string;
  /** Its name, as the user typed it, and its arguments. */
  readonly words: readonly string[];
  /** Variables that are added to the environment or replaced. */
  readonly environment: ReadonlyMap<string, string>;
  /** Whether it gets these alone. */
  readonly clearEnvironment: boolean;
}

const utf8 = new TextEncoder();

/**
 * Replaces this process by a command; returns only when that is not possible. What it inherits of
 * the environment it gets byte for byte, be it text or not, so the variables are set in place.
 */
export function replaceProcess(libc: Libc, command: CommandLine): CommandFault {
  const words = command.words.map(terminated);
  const addresses = words.map((word) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(word)));
  const list = BigUint64Array.from([...addresses, 0n], BigInt);
  const path = terminated(command.path);
  if (command.clearEnvironment) libc.clearenv();
  for (const [name, value] of command.environment) Deno.env.set(name, value);
  libc.execvp(path, list); // with a slash in the path nothing is searched for
  const errno = libc.__errno_location();
  const number = errno === null ? 0 : new Deno.UnsafePointerView(errno).getInt32();
  return commandFault(number, command.words[0] ?? command.path);
}

function terminated(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(`${text}\0`);
}
