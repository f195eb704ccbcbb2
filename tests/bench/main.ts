// `deno task bench [NAME...]`: our programs beside others, on loopback only. Figures go to standard
// output, what goes on to standard error.

import {
  aborted,
  asText,
  type Command,
  EXIT,
  ExitFault,
  flag,
  integer,
  listenForSignals,
  type OptionValues,
  runCommand,
  runnable,
  value,
} from "../../lib/cli/mod.ts";
import { benchCoffer } from "./coffer.ts";
import { benchCofferStart } from "./coffer_start.ts";
import { benchCrowd } from "./crowd.ts";
import { benchForward } from "./forward.ts";
import { assess, formatTable, type Row } from "./harness.ts";
import { Lab } from "./lab.ts";
import { benchTransfer } from "./transfer.ts";
import { benchTriba } from "./triba.ts";

type Bench = (lab: Lab) => Promise<Row[]>;

const BENCHES: ReadonlyMap<string, Bench> = new Map([
  ["transfer", benchTransfer],
  ["forward", benchForward],
  ["crowd", benchCrowd],
  ["coffer", benchCoffer],
  ["coffer-start", benchCofferStart],
  ["triba", benchTriba],
]);

const COMMAND = {
  name: "deno task bench",
  summary: "measure our programs beside others, on loopback",
  operands: { shown: "[NAME...]", least: 0, most: BENCHES.size },
  options: {
    json: flag({ help: "Print one JSON object a line" }),
    runs: value({
      help: "Take medians of so many runs",
      value: "COUNT",
      default: "5",
      parse: integer(1, 1000),
    }),
    scale: value({
      help: "Multiply sizes and counts; 0.05 is for trying out",
      value: "FACTOR",
      default: "1",
      parse: factor,
    }),
    executables: value({
      help: "Measure compiled programs instead of the source",
      value: "DIR",
      parse: asText,
    }),
  },
  notes: [
    `Benchmarks: ${[...BENCHES.keys()].join(", ")}; all of them unless some are named.`,
    "Temporary data goes to TMPDIR. A RAM disk is best; not /dev/shm, because the sandbox keeps " +
    "everything below /dev from the programs.",
    "A ratio above 1 is better for us. Where the goal is a bound, the ratio is that of the bound and ours.",
  ],
  examples: [
    ["With the temporary data, up to 3 GB, on a RAM disk", "TMPDIR=/mnt/ram deno task bench"],
    ["A quick look at one of them", "deno task bench --runs 1 --scale 0.1 forward"],
  ],
  exits: [EXIT.done, EXIT.failed, EXIT.usage],
} as const satisfies Command;

function factor(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 10)) throw new RangeError("must be a number above 0, at most 10");
  return number;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function benchAll(
  { json, runs, scale, executables }: OptionValues<typeof COMMAND.options>,
  names: readonly string[],
): Promise<number> {
  const unknown = names.find((name) => !BENCHES.has(name));
  if (unknown !== undefined) {
    const hint = `There are ${[...BENCHES.keys()].join(", ")}`;
    throw new ExitFault(EXIT.usage, `Unknown benchmark "${unknown}"`, hint);
  }
  const folder = executables === undefined ? undefined : await Deno.realPath(executables);
  using interrupts = listenForSignals(["SIGINT", "SIGTERM"]);
  const { signal } = interrupts;
  for (const [name, bench] of BENCHES) {
    if (names.length > 0 && !names.includes(name)) continue;
    await using lab = await Lab.open({ runs, scale, executables: folder });
    const rows = await Promise.race([bench(lab), aborted(signal)]);
    signal.throwIfAborted();
    if (json) { for (const row of rows ?? []) print(JSON.stringify(assess(row))); }
    else print(`${formatTable(rows ?? []).join("\n")}\n`);
  }
  return EXIT.done;
}

Deno.exit(
  await runCommand("bench", runnable(COMMAND, () => Promise.resolve(benchAll)), Deno.args),
);
