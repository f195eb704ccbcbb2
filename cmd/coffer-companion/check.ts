/**
 * `coffer-companion check`.
 *
 * @module
 */

import { Console, EXIT, type OptionValues } from "../../lib/cli/mod.ts";
import { checkDefinition, formatProblem } from "../../lib/coffer/mod.ts";
import type { CHECK } from "./args.ts";
import { withExitFaults } from "./faults.ts";
import { loadSource, openSource } from "./source.ts";

/** Lists warnings, or fails with all errors. */
export function check(
  options: OptionValues<typeof CHECK.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const source = await openSource(options, operands[0]);
    const definition = await loadSource(source);
    const console = new Console({ quiet: false, json: options.json });
    const warnings = checkDefinition(definition);
    for (const warning of warnings) {
      console.result(`${formatProblem(source.path, warning)} (warning)`, {
        warning: warning.reason,
        file: source.path,
        line: warning.line,
        column: warning.column,
      });
    }
    const facts = {
      clients: definition.clients.length,
      entries: definition.clients.reduce((sum, { entries }) => sum + entries.size, 0),
      warnings: warnings.length,
    };
    console.result(
      `ok ${Object.entries(facts).map(([name, count]) => `${name}=${count}`).join(" ")}`,
      { result: "ok", ...facts },
    );
    return EXIT.done;
  });
}
