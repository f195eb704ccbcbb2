/**
 * `coffer-client`: fetches its secrets and runs a command with them.
 *
 * @module
 */

import { parseCommand } from "../../lib/cli/command.ts";
import { runCommand } from "../../lib/cli/run.ts";
import { asksForPing, CLIENT } from "./args.ts";

const status = await runCommand("coffer-client", {
  command: CLIENT,
  run: async (args) => {
    const { options, operands } = parseCommand(CLIENT, args, (name) => Deno.env.get(name));
    if (asksForPing(args, operands)) return await (await import("./ping.ts")).ping(options);
    return await (await import("./fetch.ts")).fetch(options, operands);
  },
}, Deno.args);
Deno.exit(status);
