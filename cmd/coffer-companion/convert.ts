/**
 * `coffer-companion convert`.
 *
 * @module
 */

import { Console, EXIT, ExitFault, type OptionValues } from "../../lib/cli/mod.ts";
import { convertDefinition, formatProblem } from "../../lib/coffer/mod.ts";
import { withDefinition } from "../../lib/coffer/program.ts";
import { writeSecretFile } from "../../lib/files/mod.ts";
import type { CONVERT } from "./args.ts";
import { withExitFaults } from "./faults.ts";
import {
  loadSource,
  openSource,
  replaceFile,
  seal,
  SEALED_FILE_MODE,
  writeOutput,
} from "./source.ts";

/** Rewrites a definition in the original's shape. */
export function convert(
  options: OptionValues<typeof CONVERT.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const source = await openSource(options, operands[0]);
    const { out } = options;
    if (source.server !== undefined && out === undefined) {
      throw new ExitFault(
        EXIT.usage,
        "Missing option --out",
        "A sealed definition is sealed again, and that is no text",
      );
    }
    const definition = await loadSource(source);
    const { toml, warnings } = await withDefinition(
      source.path,
      () => convertDefinition(definition),
    );
    const console = new Console({ quiet: false, json: false });
    for (const warning of warnings) {
      console.note(`${formatProblem(source.path, warning)} (warning)`);
    }
    const plain = new TextEncoder().encode(toml);
    if (out === undefined || out === "-") {
      writeOutput(plain);
      return EXIT.done;
    }
    // The form that names a companion is closed to original servers, so it is always the plain box.
    const { server } = source;
    const bytes = server === undefined
      ? plain
      : await seal(plain, { serverKey: server.publicKey, companion: undefined });
    if (server === undefined) await writeSecretFile(out, bytes, options.force);
    else await replaceFile(out, bytes, SEALED_FILE_MODE);
    console.result(`saved ${out} ${bytes.length}`, {});
    return EXIT.done;
  });
}
