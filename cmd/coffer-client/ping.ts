/**
 * `coffer-client ping`: is there a server that speaks coffer?
 *
 * @module
 */

import { Console } from "../../lib/cli/console.ts";
import { EXIT, ExitFault } from "../../lib/cli/exit.ts";
import { listenForSignals } from "../../lib/cli/signals.ts";
import { formatEndpoint } from "../../lib/net/endpoint.ts";
import type { ClientOptions } from "./args.ts";
import { Client } from "./client.ts";
import { toExitFault } from "./faults.ts";

/** Greets a server and fetches nothing. */
export async function ping(options: ClientOptions): Promise<number> {
  const { format, file, watch, supervise } = options;
  if (format !== undefined || file.length > 0 || watch !== undefined || supervise) {
    throw new ExitFault(
      EXIT.usage,
      "Cannot combine ping with --format, --file, --watch or --supervise",
      'To run a command of that name write "-- ping"',
    );
  }
  using interrupts = listenForSignals(["SIGINT", "SIGTERM", "SIGHUP"]);
  try {
    const client = await Client.open(options);
    const server = formatEndpoint(await client.ping(interrupts.signal));
    const console = new Console({ quiet: false, json: options.log === "json" });
    console.result(`alive ${server}`, { result: "alive", server });
    return EXIT.done;
  } catch (error) {
    throw toExitFault(error);
  }
}
