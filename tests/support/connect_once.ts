// Connects to the first of some addresses that answers, and ends: connect_once.ts PORT ADDRESS...

import { connectTcp } from "../../lib/net/mod.ts";
import { writeLine } from "./write_line.ts";

const [port, ...addresses] = Deno.args;
const start = performance.now();
const { stream, remote } = await connectTcp(
  { host: "several.test", port: Number(port) },
  60_000,
  undefined,
  () => Promise.resolve(addresses),
);
stream.close();
writeLine(`${remote.host} after ${Math.round(performance.now() - start)} ms`);
