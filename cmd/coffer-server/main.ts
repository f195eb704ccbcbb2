/**
 * `coffer-server`: hands each client its own secrets.
 *
 * @module
 */

import { runCommand, runnable } from "../../lib/cli/mod.ts";
import { SERVER } from "./args.ts";

const command = runnable(SERVER, async () => (await import("./serve.ts")).serve);
Deno.exit(await runCommand("coffer-server", command, Deno.args));
