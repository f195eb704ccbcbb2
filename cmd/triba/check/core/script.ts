/**
 * The script that a core under test runs as its backend: it tells the checker what it was started
 * with, and ends when and how the checker says. All else is played by the checker.
 *
 * @module
 */

import { decodeBase64 } from "@std/encoding/base64";

/** A variable that a core has and should not pass on (section 3.3). */
export const MARK = "TRIBA_CHECK_MARK";
const EXECUTABLE_BY_OWNER = 0o700;
const READY = "ready-";

/** What one start of the script tells. */
export interface BackendRun {
  /** Its process. */
  readonly pid: number;
  /** All arguments, the id first. */
  readonly args: readonly string[];
  /** The variable TRIBA_SOCKET; empty if it is not set. */
  readonly socket: string;
  /** The variable TRIBA_STATE; empty if it is not set. */
  readonly state: string;
  /** The spawn secret, if TRIBA_SEAL says that there is one. */
  readonly secret: Uint8Array<ArrayBuffer> | undefined;
  /** Whether a variable of the core's own was there. */
  readonly leaks: boolean;
}

/** Folder of what starts of the script tell, which can be watched. */
const STARTS = "starts";
/** Folder of the pipes that end them: apart, because a watcher of the runtime stops at a pipe. */
const ENDS = "ends";
const PRIVATE_MODE = 0o700;

/** Writes the script into an empty folder; returns its path. */
export async function writeScript(folder: string): Promise<string> {
  for (const name of [STARTS, ENDS]) await Deno.mkdir(`${folder}/${name}`, { mode: PRIVATE_MODE });
  const path = `${folder}/backend`;
  await Deno.writeTextFile(path, script(folder), { mode: EXECUTABLE_BY_OWNER });
  return path;
}

function script(folder: string): string {
  return `#!/bin/sh
cd '${folder.replaceAll("'", "'\\''")}' && mkfifo "${ENDS}/$$" || exit 78
secret=
[ "$TRIBA_SEAL" != stdin ] || IFS= read -r secret
printf '%s\\n' "$TRIBA_SOCKET" "$TRIBA_STATE" "$secret" "$${MARK}" "$@" > "${STARTS}/run-$$"
mv "${STARTS}/run-$$" "${STARTS}/${READY}$$"
read -r code < "${ENDS}/$$"
exit "$code"
`;
}

/** Watches for starts of the script. */
export function watchStarts(folder: string): Deno.FsWatcher {
  return Deno.watchFs(`${folder}/${STARTS}`, { recursive: false });
}

/**
 * The process that a path in the folder tells of; undefined for other paths. Deno 2.6 reports what
 * happens in the folders of all watchers to each of them.
 */
export function pidOf(folder: string, path: string): number | undefined {
  const beginning = `${folder}/${STARTS}/${READY}`;
  return path.startsWith(beginning) ? Number(path.slice(beginning.length)) : undefined;
}

/** Reads what a start of the script has told. */
export async function readRun(folder: string, pid: number): Promise<BackendRun> {
  const text = await Deno.readTextFile(`${folder}/${STARTS}/${READY}${pid}`);
  const [socket = "", state = "", secret = "", mark = "", ...args] = text.split("\n").slice(0, -1);
  return { pid, args, socket, state, secret: readSecret(secret), leaks: mark !== "" };
}

function readSecret(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return text === "" ? undefined : decodeBase64(text);
  } catch {
    return new Uint8Array(); // a point says so
  }
}

/** Ends the script with an exit code; it reads it as soon as it comes to that. */
export async function endScript(folder: string, pid: number, code: number): Promise<Disposable> {
  // Opened for both directions, which never blocks, and kept open until it has been read.
  const fifo = await Deno.open(`${folder}/${ENDS}/${pid}`, { read: true, write: true });
  await fifo.write(new TextEncoder().encode(`${code}\n`));
  return { [Symbol.dispose]: () => fifo.close() };
}

/** Whether a process is there. */
export function isRunning(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT"); // changes nothing in one that runs
    return true;
  } catch {
    return false;
  }
}
