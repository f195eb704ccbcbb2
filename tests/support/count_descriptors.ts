// How many connections the limit of this process leaves room for: count_descriptors.ts MOST

import { listenForSignals } from "../../lib/cli/mod.ts";
import { connectionsLeft } from "../../lib/net/mod.ts";
import { writeLine } from "./write_line.ts";

using _interrupts = listenForSignals(["SIGTERM"]); // see accept_many.ts
const most = Number(Deno.args[0]);
writeLine(JSON.stringify({ left: connectionsLeft(most), again: connectionsLeft(most) }));
