/**
 * Which file a command is, as execvp(3) would look for it.
 *
 * @module
 */

import { CommandFault } from "./fault.ts";

/** Searched when the environment has no PATH, as the C library does. */
const DEFAULT_PATH = "/bin:/usr/bin";
const EXECUTABLE_BY_ANYBODY = 0o111;

/**
 * The file that a command is. A name without a slash is looked for in the folders of the search
 * path, where an empty one is the working folder.
 *
 * @param searchPath The environment's PATH.
 * @throws {CommandFault} with `missing`, or `not-executable` if only such files were found.
 */
export function findCommand(command: string, searchPath: string | undefined): string {
  const candidates = command === ""
    ? []
    : command.includes("/")
    ? [command]
    : (searchPath ?? DEFAULT_PATH).split(":").map((folder) => `${folder || "."}/${command}`);
  let isThere = false;
  for (const path of candidates) {
    const looked = lookAt(path);
    if (looked === "executable") return path;
    isThere ||= looked === "not-executable";
  }
  throw isThere
    ? new CommandFault("not-executable", command, "not an executable file")
    : new CommandFault("missing", command, "no such command");
}

function lookAt(path: string): "executable" | "not-executable" | "missing" {
  try {
    const { isFile, mode } = Deno.statSync(path);
    // Whose permission it is the system decides: it knows groups and access lists.
    const executable = isFile && (mode === null || (mode & EXECUTABLE_BY_ANYBODY) !== 0);
    return executable ? "executable" : "not-executable";
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "not-executable" : "missing";
  }
}
