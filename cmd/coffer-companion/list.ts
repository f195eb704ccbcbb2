/**
 * `coffer-companion list`.
 *
 * @module
 */

import { Console, EXIT, type OptionValues } from "../../lib/cli/mod.ts";
import { formatId } from "../../lib/coffer/mod.ts";
import type { LIST } from "./args.ts";
import { nameOf } from "./clients.ts";
import { withExitFaults } from "./faults.ts";
import { loadSource, openSource } from "./source.ts";

/** Names clients, and the names and types of their entries. */
export function list(options: OptionValues<typeof LIST.options>): Promise<number> {
  return withExitFaults(async () => {
    const { clients } = await loadSource(await openSource(options));
    const console = new Console({ quiet: false, json: options.json });
    for (const client of clients) {
      const id = formatId(client.publicKey);
      const name = nameOf(client);
      const entries = Array.from(client.entries, ([key, { value }]) => ({ key, type: value.type }));
      if (options.json) {
        console.result("", { client: name, id, entries });
        continue;
      }
      console.result(`${name} ${id}`, {});
      for (const { key, type } of entries) console.result(`  ${key} ${type}`, {});
    }
    return EXIT.done;
  });
}
