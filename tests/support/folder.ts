// Folders for one test, and what can be in them.

import { assertRejects } from "@std/assert";
import { FileFault, type FileFaultCode } from "../../lib/files/mod.ts";

/** Runs with the path of an empty folder, which is removed afterwards with all that is in it. */
export async function withTemporaryFolder(
  run: (folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "sallyport-test-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names in a folder, sorted. */
export function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** The permissions of what is at a path. */
export function modeOf(path: string): number {
  return (Deno.lstatSync(path).mode ?? 0) & 0o777;
}

/** The code of the fault that an operation fails with. */
export async function codeOf(operation: () => Promise<unknown>): Promise<FileFaultCode> {
  return (await assertRejects(operation, FileFault)).code;
}

/** Puts things at the names that a test finds taken: what is there, and how it must stay. */
export async function takeNames(folder: string): Promise<readonly string[]> {
  await Deno.writeTextFile(`${folder}/file`, "old");
  await Deno.mkdir(`${folder}/empty`);
  await Deno.mkdir(`${folder}/full`);
  await Deno.writeTextFile(`${folder}/full/a`, "old");
  await Deno.symlink("file", `${folder}/link`);
  await Deno.symlink("nowhere", `${folder}/dangling`);
  return namesIn(folder);
}

/** Replaces a function of the runtime while a test runs. */
export async function withReplaced<K extends "link" | "rename">(
  name: K,
  replacement: (typeof Deno)[K],
  run: () => Promise<void>,
): Promise<void> {
  const own = Deno[name];
  Deno[name] = replacement;
  try {
    await run();
  } finally {
    Deno[name] = own;
  }
}
