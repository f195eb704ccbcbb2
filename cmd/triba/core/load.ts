/**
 * From a file to what a core runs.
 *
 * @module
 */

import { EXIT, ExitFault } from "../../../lib/cli/mod.ts";
import { FileFault, withFile } from "../../../lib/files/mod.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import {
  type Builtin,
  ConfigFault,
  type CoreConfig,
  readCoreConfig,
} from "../../../lib/triba/config/mod.ts";

/** What a configuration refers to. */
export interface LoadOptions {
  /** `$CREDENTIALS_DIRECTORY`. */
  readonly credentials: string | undefined;
  /** The backends of this program's own. */
  readonly builtins: ReadonlyMap<string, Builtin>;
}

/**
 * Reads a configuration.
 *
 * @throws {FileFault} if it cannot be read.
 * @throws {ConfigFault} with everything that is wrong with it.
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<CoreConfig> {
  const file = await withFile("read", path, () => Deno.readFile(path));
  return readCoreConfig(file, { ...options, folder: folderOf(path) });
}

function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, at) || "/";
}

/** What is wrong with a configuration, line by line. */
export function describeConfigFault(fault: ConfigFault, path: string): string {
  return [fault.message, ...fault.lines(path)].join("\n");
}

/** What to tell the user; anything that nobody expects is passed on as it is. */
export function toExitFault(error: unknown, config: string): unknown {
  if (error instanceof ConfigFault) {
    return new ExitFault(EXIT.failed, describeConfigFault(error, config), undefined, {
      cause: error,
    });
  }
  if (error instanceof FileFault) {
    return new ExitFault(EXIT.file, error.message, undefined, { cause: error });
  }
  if (error instanceof NetFault) {
    const hint = error.code === "in-use"
      ? "Is another core running? Choose another socket with --listen"
      : undefined;
    return new ExitFault(EXIT.unreachable, error.message, hint, { cause: error });
  }
  return error;
}
