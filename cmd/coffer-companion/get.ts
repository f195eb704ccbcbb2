/**
 * `coffer-companion get`.
 *
 * @module
 */

import { EXIT, ExitFault, type OptionValues } from "../../lib/cli/mod.ts";
import { formatValue } from "../../lib/coffer/mod.ts";
import { escapeControls } from "../../lib/log/mod.ts";
import type { GET } from "./args.ts";
import { findClients, nameOf } from "./clients.ts";
import { withExitFaults } from "./faults.ts";
import { loadSource, openSource, writeOutput } from "./source.ts";

/** Prints one value. */
export function get(
  options: OptionValues<typeof GET.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const key = operands[0] as string;
    const definition = await loadSource(await openSource(options));
    const [client, other] = findClients(definition, options.client);
    if (client === undefined || other !== undefined) {
      throw new ExitFault(EXIT.usage, "Cannot get from several clients: give one --client");
    }
    const entry = client.entries.get(key);
    if (entry === undefined) {
      const what = `Cannot get "${escapeControls(key)}": ${
        escapeControls(nameOf(client))
      } has none`;
      throw new ExitFault(EXIT.failed, what, 'Run "coffer-companion list" for the names');
    }
    const text = formatValue(entry.value);
    const end = options.exact || text.endsWith("\n") ? "" : "\n";
    writeOutput(new TextEncoder().encode(text + end));
    return EXIT.done;
  });
}
