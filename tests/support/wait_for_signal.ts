// Waits for signals and says what it got: wait_for_signal.ts end|stubborn|reload|disposed

import { listenForReload, listenForSignals } from "../../lib/cli/mod.ts";
import { writeLine } from "./write_line.ts";

const [mode] = Deno.args;
const interrupts = listenForSignals(mode === "reload" ? ["SIGTERM"] : ["SIGINT", "SIGTERM"]);
const reload = mode === "reload" ? listenForReload(() => writeLine("reload")) : undefined;
if (mode === "disposed") interrupts[Symbol.dispose]();
const alive = setTimeout(() => Deno.exit(99), 30_000);

const ended = new Promise((resolve) =>
  interrupts.signal.addEventListener("abort", () => resolve(interrupts.signal.reason))
);
writeLine("ready");
const reason = await ended;
writeLine(String(reason));
if (mode === "stubborn") await new Promise(() => {});
clearTimeout(alive);
reload?.[Symbol.dispose]();
interrupts[Symbol.dispose](); // the process ends by itself now
