// `deno task demo [NAME] [FILE]`: plain calls of the real programs on free loopback ports. With
// `--executables DIR` it runs what was compiled, in an empty environment.

import { parseArgs } from "@std/cli/parse-args";
import { demoCoffer } from "./coffer.ts";
import { demoRelay } from "./relay.ts";
import { onStage, type Stage } from "./stage.ts";
import { demoTriba } from "./triba.ts";

const DEMOS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  relay: demoRelay,
  coffer: demoCoffer,
  triba: demoTriba,
};

const { _: words, executables } = parseArgs(Deno.args, { string: ["executables"] });
const [first, second] = words.map(String);
const named = first !== undefined && first in DEMOS;
const demos = named ? [first] : Object.keys(DEMOS);
const file = named ? second : first;
const folder = typeof executables === "string" ? await Deno.realPath(executables) : undefined;
for (const name of demos) await onStage(folder, file, DEMOS[name] as (s: Stage) => Promise<void>);
Deno.stdout.writeSync(new TextEncoder().encode("demo: ok\n"));
