/**
 * `coffer-companion decrypt`.
 *
 * @module
 */

import { Console, EXIT, type OptionValues } from "../../lib/cli/mod.ts";
import { writeSecretFile } from "../../lib/files/mod.ts";
import type { DECRYPT } from "./args.ts";
import { withExitFaults } from "./faults.ts";
import { openSource, writeOutput } from "./source.ts";

/** Writes the definition as it is, errors included: whoever opens it may want to mend it. */
export function decrypt(options: OptionValues<typeof DECRYPT.options>): Promise<number> {
  return withExitFaults(async () => {
    const { toml } = await openSource(options);
    const { out = "-" } = options;
    if (out === "-") {
      writeOutput(toml);
      return EXIT.done;
    }
    await writeSecretFile(out, toml, options.force);
    new Console({ quiet: false, json: false }).result(`saved ${out} ${toml.length}`, {});
    return EXIT.done;
  });
}
