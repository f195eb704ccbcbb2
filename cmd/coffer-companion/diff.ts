/**
 * `coffer-companion diff`.
 *
 * @module
 */

import { Console, EXIT, type OptionValues } from "../../lib/cli/mod.ts";
import { diffDefinitions, formatId } from "../../lib/coffer/mod.ts";
import type { DIFF } from "./args.ts";
import { nameOf } from "./clients.ts";
import { withExitFaults } from "./faults.ts";
import { loadSource, openSource } from "./source.ts";

/** Shows what is different. */
export function diff(
  options: OptionValues<typeof DIFF.options>,
  operands: readonly string[],
): Promise<number> {
  return withExitFaults(async () => {
    const { certificate } = options;
    const open = async (path: string) =>
      await loadSource(await openSource({ secrets: path, certificate }));
    const [before, after] = [await open(operands[0] as string), await open(operands[1] as string)];
    const console = new Console({ quiet: false, json: options.json });
    for (const { change, client, key } of diffDefinitions(before, after)) {
      const name = nameOf(client);
      console.result(`${change} ${name}${key === undefined ? "" : ` ${key}`}`, {
        change,
        client: name,
        id: formatId(client.publicKey),
        key,
      });
    }
    return EXIT.done;
  });
}
