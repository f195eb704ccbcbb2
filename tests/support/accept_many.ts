// Accepts connections until descriptors run out, and on: one JSON object a line says what happened.
// A line on standard input asks for the counts.

import process from "node:process";
import { listenForSignals } from "../../lib/cli/mod.ts";
import { listenTcp } from "../../lib/net/mod.ts";
import { linesOf } from "./child.ts";
import { writeLine } from "./write_line.ts";

// First of all, as in every daemon: without descriptors left, Deno 2.9 dies of its first listener.
using _interrupts = listenForSignals(["SIGTERM"]);
let [accepted, exhausted] = [0, 0];
const listening = listenTcp({ host: "127.0.0.1", port: 0 });
const serving = listening.serve(({ stream }) => {
  accepted++;
  const echo = async () => {
    const buffer = new Uint8Array(16);
    for (let n = await stream.read(buffer); n !== null; n = await stream.read(buffer)) {
      await stream.write(buffer.subarray(0, n));
    }
  };
  echo().finally(() => stream.close());
}, () => exhausted++);

writeLine(JSON.stringify({ port: listening.local.port }));
for await (const _ of linesOf(Deno.stdin.readable)) {
  const { user, system } = process.cpuUsage();
  writeLine(JSON.stringify({ accepted, exhausted, cpuMs: (user + system) / 1000 }));
}
listening.close();
await serving;
