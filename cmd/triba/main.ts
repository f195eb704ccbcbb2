/**
 * `triba`: a core that runs chat backends and speaks TriBA with them, backends of its own, and tools
 * for authors of backends.
 *
 * @module
 */

import { runnable, runProgram } from "../../lib/cli/mod.ts";
import { CHECK } from "./args/check.ts";
import { CALL } from "./args/call.ts";
import { CORE } from "./args/core.ts";
import { CTL } from "./args/ctl.ts";
import { DECODE } from "./args/decode.ts";
import { ECHO } from "./args/echo.ts";
import { IRC } from "./args/irc.ts";
import { SCHEMA } from "./args/schema.ts";
import { TAP } from "./args/tap.ts";
import { backendCommand, withBackendCodes } from "./backend_command.ts";

const status = await runProgram({
  name: "triba",
  summary: "run chat backends, write them, look into them",
  commands: [
    runnable(CORE, async () => (await import("./core/core.ts")).core),
    runnable(CTL, async () => (await import("./ctl/ctl.ts")).ctl),
    backendCommand(ECHO, async () => (await import("./echo/echo.ts")).createEcho),
    withBackendCodes(runnable(TAP, async () => (await import("./tap/tap.ts")).tap)),
    backendCommand(IRC, async () => (await import("./irc/irc.ts")).createIrc),
    runnable(CHECK, async () => (await import("./check/check.ts")).check),
    { command: CALL, run: async (args) => await (await import("./call/call.ts")).call(args) },
    runnable(DECODE, async () => (await import("./decode.ts")).decode),
    runnable(SCHEMA, async () => (await import("./schema.ts")).schema),
  ],
  examples: [
    ["Run the backends of a configuration", "triba core --config triba.toml"],
    ["The same for user interfaces", "triba core --listen unix:$XDG_RUNTIME_DIR/triba/core.sock"],
    ["Test a backend of your own", "triba check -- python3 my_backend.py"],
  ],
}, Deno.args);
Deno.exit(status);
