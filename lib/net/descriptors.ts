/**
 * How many connections the limit on open descriptors leaves room for.
 *
 * @module
 */

import { toNetFault } from "./deno_stream.ts";

/** Descriptors kept for files, listeners and the runtime, where there are enough. */
const SPARE_DESCRIPTORS = 64;
/** Fewer connections than this serve nobody. */
const LEAST_CONNECTIONS = 4;

/**
 * The number of connections that can be open at once, at most `most`. The sandbox keeps
 * /proc/self/limits from the program, so it opens as many descriptors as it could use, which takes
 * some milliseconds, and closes them again.
 */
export function connectionsLeft(most: number): number {
  const opened: Deno.FsFile[] = [];
  try {
    while (opened.length < most + SPARE_DESCRIPTORS) opened.push(Deno.openSync("/dev/null"));
  } catch (error) {
    if (toNetFault(error, "open").code !== "exhausted") throw error;
  } finally {
    for (const file of opened) file.close();
  }
  const spare = Math.min(SPARE_DESCRIPTORS, Math.ceil(opened.length / 2));
  return Math.min(most, Math.max(LEAST_CONNECTIONS, opened.length - spare));
}
