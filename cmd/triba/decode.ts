/**
 * `triba decode`: traces of connections as lines.
 *
 * @module
 */

import { Console, dropPermissions, EXIT, ExitFault, type OptionValues } from "../../lib/cli/mod.ts";
import { FileFault, withFile } from "../../lib/files/mod.ts";
import { toJson } from "../../lib/log/mod.ts";
import { TribaFault } from "../../lib/triba/fault.ts";
import {
  formatTraceJson,
  formatTraceText,
  TraceDecoder,
  TraceViewer,
} from "../../lib/triba/trace/mod.ts";
import type { DECODE } from "./args/decode.ts";

const CHUNK_BYTES = 64 * 1024;

/** Options of `triba decode`. */
export type DecodeOptions = OptionValues<typeof DECODE.options>;

/** Shows all files, the damaged ones as far as they can be read. */
export async function decode({ json }: DecodeOptions, paths: readonly string[]): Promise<number> {
  dropPermissions("net", "run", "env", "sys", "write");
  const console = new Console({ quiet: false, json });
  let status: number = EXIT.done;
  for (const path of paths) {
    if (paths.length > 1) console.print(json ? toJson({ file: path }) : `== ${path}`);
    try {
      await show(path, console, json ? formatTraceJson : formatTraceText);
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return EXIT.done; // who read it has enough
      if (error instanceof FileFault) throw new ExitFault(EXIT.file, error.message);
      if (!(error instanceof TribaFault)) throw error;
      console.error(`${path}: ${error.message}`);
      status = EXIT.failed;
    }
  }
  return status;
}

async function show(
  path: string,
  console: Console,
  format: typeof formatTraceText,
): Promise<void> {
  const decoder = new TraceDecoder();
  const viewer = new TraceViewer();
  for await (const chunk of readChunks(path)) {
    decoder.push(chunk);
    for (let entry = decoder.next(); entry !== undefined; entry = decoder.next()) {
      const { record } = entry;
      for (const event of viewer.push(record)) console.print(format(event, record.at));
    }
  }
  decoder.end();
}

/** Each chunk is overwritten when the next one is asked for. */
async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = path === "-" ? Deno.stdin : await withFile("read", path, () => Deno.open(path));
  using _closing = path === "-" ? undefined : file as Deno.FsFile;
  const buffer = new Uint8Array(CHUNK_BYTES);
  while (true) {
    const count = await withFile("read", path, () => file.read(buffer));
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}
