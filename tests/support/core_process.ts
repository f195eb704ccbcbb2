// A core in a process of its own, to be killed: `core_process.ts FOLDER MODE...`. Prints the lines
// of its backends, and `open NAME PID` for each that is open.

import { Core } from "../../lib/triba/core/mod.ts";
import { specOf } from "../lib/triba/core/support.ts";
import { writeLine } from "./write_line.ts";

const [folder = "", ...modes] = Deno.args;
const core = await Core.open({
  agent: "test-core/1",
  stateFolder: `${folder}/state`,
  environment: Deno.env.toObject(),
  socket: { runtimeFolder: folder },
});
core.subscribe((notice) => {
  if (notice.type === "log") writeLine(`${notice.backend}: ${notice.text}`);
  if (notice.type !== "backend" || notice.status.state !== "open") return;
  writeLine(`open ${notice.status.name} ${notice.status.pid}`);
});
await core.apply(modes.map((mode) => specOf(mode)));
