/**
 * `relay`: moves files between two people who share a short code.
 *
 * @module
 */

import { runnable, runProgram } from "../../lib/cli/mod.ts";
import { RECEIVE, SEND, SERVE } from "./args.ts";

const status = await runProgram({
  name: "relay",
  summary: "move files between two people who share a short code",
  commands: [
    runnable(SEND, async () => (await import("./send.ts")).send),
    runnable(RECEIVE, async () => (await import("./receive.ts")).receive),
    runnable(SERVE, async () => (await import("./serve.ts")).serve),
  ],
  examples: [
    ["On one machine", "relay send holiday.jpg"],
    [
      "On the other, as the first one printed it",
      "relay receive --relay 192.168.1.20 lusabag-gutihuz",
    ],
    ["A relay for people in different networks", "relay serve"],
  ],
}, Deno.args);
Deno.exit(status);
