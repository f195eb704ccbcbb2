// A core and its backend: round trips beside the same frames on the same kind of socket without
// protocol and cipher, the time from the spawn to the open session, and the cipher's share.

import { programFlags } from "../support/program.ts";
import { alternate, median, type Row } from "./harness.ts";
import type { Lab } from "./lab.ts";
import { measureCipher, type SideFigures } from "./triba_frames.ts";

const SIDE = new URL("triba_side.ts", import.meta.url).pathname;
const MAIN = new URL("../../cmd/triba/main.ts", import.meta.url).pathname;
const CONFIG = `--config=${new URL("../../deno.json", import.meta.url).pathname}`;
/** Small round trips that are measured in each way. */
const COUNT = 20_000;
const TIMEOUT_MS = 180_000;
/** 10,000 serial small round trips a second. */
const SERIAL_GOAL_US = 100;
const PEER = "frames without cipher";

/** Rates, then the start, then the cipher. */
export async function benchTriba(lab: Lab): Promise<Row[]> {
  const [sealed = [], plain = [], frames = []] = await alternate(lab.runs, [
    (run) => runCore(lab, run, "require"),
    (run) => runCore(lab, run, "off"),
    (run) => runFrames(lab, run),
  ]);
  const middle = (sides: readonly SideFigures[], key: keyof SideFigures) =>
    median(sides.map((side) => side[key] ?? NaN));
  const rate = (name: string, sides: readonly SideFigures[], key: keyof SideFigures): Row => {
    const peer = { name: PEER, value: middle(frames, key) };
    return { name, unit: "1/s", better: "more", ours: middle(sides, key), peer };
  };
  const serialUs = 1e6 / middle(sealed, "serial");
  const cipher = measureCipher();
  return [
    rate("small round trips, serial, sealed-1", sealed, "serial"),
    {
      name: "one of them",
      unit: "us",
      better: "less",
      ours: serialUs,
      goal: { below: SERIAL_GOAL_US },
    },
    rate("small round trips, serial, plain", plain, "serial"),
    rate("small round trips, 64 at once, sealed-1", sealed, "pipelined"),
    rate("small round trips, 64 at once, plain", plain, "pipelined"),
    rate("answers of 64 KiB, serial, sealed-1", sealed, "large"),
    rate("answers of 64 KiB, 64 at once, sealed-1", sealed, "largePipelined"),
    {
      name: "from the spawn to the open session",
      unit: "ms",
      better: "less",
      ours: middle(sealed, "openMs"),
    },
    share("cipher's share of a small serial round trip", cipher.small, serialUs),
    share(
      "cipher's share of a serial answer of 64 KiB",
      cipher.large,
      1e6 / middle(sealed, "large"),
    ),
  ];
}

/** The cipher works on both sides, one after the other. */
function share(name: string, cipherUs: number, tripUs: number): Row {
  return { name, unit: "%", better: "less", ours: cipherUs / tripUs * 100 };
}

async function runCore(lab: Lab, run: number, seal: string): Promise<SideFigures> {
  const { executables } = lab;
  const command = executables === undefined
    ? [Deno.execPath(), "run", "--quiet", CONFIG, ...programFlags("triba"), MAIN, "echo"]
    : [`${executables}/triba`, "echo"];
  const folder = `${lab.folder}/state-${seal}-${run}`;
  return await measure(lab, ["core", folder, seal, String(lab.scaled(COUNT)), ...command]);
}

async function runFrames(lab: Lab, run: number): Promise<SideFigures> {
  const path = `${lab.folder}/frames-${run}`;
  const server = lab.startForeign(Deno.execPath(), sideArguments(["serve", path]));
  await server.waitFor("stdout", /ready/);
  const figures = await measure(lab, ["frames", path, String(lab.scaled(COUNT))]);
  await lab.succeed([server], TIMEOUT_MS);
  return figures;
}

async function measure(lab: Lab, args: readonly string[]): Promise<SideFigures> {
  const side = lab.startForeign(Deno.execPath(), sideArguments(args));
  await lab.succeed([side], TIMEOUT_MS);
  return JSON.parse(side.stdout);
}

function sideArguments(args: readonly string[]): string[] {
  return ["run", "--quiet", CONFIG, "--allow-all", SIDE, ...args];
}
