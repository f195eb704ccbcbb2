// One stream through two joined connections of `relay serve`, beside a loop in C with a buffer of
// 1 MiB and beside socat. Ends and load are the same program in C for all of them.

import type { Program } from "../support/program.ts";
import { alternate, median, type Row } from "./harness.ts";
import { type Lab, missingTool } from "./lab.ts";
import { cpuSeconds } from "./process.ts";
import { Pump, type PumpEnd } from "./pump.ts";
import { Matchmaker, startRelay } from "./relay.ts";

const STREAM_BYTES = 2_000_000_000;
const RUN_TIMEOUT_MS = 120_000;
const LOOP = "C loop, 1 MiB";
const SOCAT = "socat -b 1 MiB";
const GOAL_OF_LOOP = 0.9;
const GOAL_CPU = 0.3;
const NAMES = ["forward rate", "forward rate beside socat", "forward processor time"] as const;

interface Figures {
  /** MB/s. */
  readonly rate: number;
  /** Processor seconds per GB. */
  readonly cpu: number;
}

/** What forwards, and where its two ends are. */
interface Forwarder {
  readonly program: Program;
  readonly from: Omit<PumpEnd, "bytes">;
  /** Asked once the first end is on its way. */
  readonly to: () => Promise<Omit<PumpEnd, "bytes">>;
}

/** Rate and processor time. */
export async function benchForward(lab: Lab): Promise<Row[]> {
  const pump = await Pump.compile(lab);
  if (typeof pump === "string") return skipAll(pump);
  const socat = missingTool("socat");
  const sides = [() => throughRelay(lab), () => throughLoop(pump)];
  if (socat === undefined) sides.push(() => throughSocat(lab));
  const [ours = [], loop = [], others] = await alternate(
    lab.runs,
    sides.map((open, side) => async (run) => {
      const figures = await measure(lab, pump, await open());
      const name = ["relay", LOOP, SOCAT][side];
      lab.note(
        `forward ${run}/${lab.runs} ${name}: ` +
          `${figures.rate.toFixed(0)} MB/s, ${figures.cpu.toFixed(3)} s/GB`,
      );
      return figures;
    }),
  );
  return toRows(ours, loop, others);
}

function toRows(ours: Figures[], loop: Figures[], socat: Figures[] | undefined): Row[] {
  const rate = (of: readonly Figures[]) => median(of.map((figures) => figures.rate));
  const cpu = (of: readonly Figures[]) => median(of.map((figures) => figures.cpu));
  const [name, besideSocat, time] = NAMES;
  const rates = { unit: "MB/s", better: "more", ours: rate(ours) } as const;
  return [
    { name, ...rates, peer: { name: LOOP, value: rate(loop) }, goal: { ratio: GOAL_OF_LOOP } },
    {
      name: besideSocat,
      ...rates,
      peer: socat === undefined
        ? { name: SOCAT, skipped: "socat is not installed" }
        : { name: SOCAT, value: rate(socat) },
    },
    {
      name: time,
      unit: "s/GB",
      better: "less",
      ours: cpu(ours),
      peer: { name: LOOP, value: cpu(loop) },
      goal: { below: GOAL_CPU },
    },
  ];
}

function skipAll(skipped: string): Row[] {
  return NAMES.map((name, i) => ({ name, unit: i < 2 ? "MB/s" : "s/GB", better: "more", skipped }));
}

/** One run; ends everything that it is given and that it starts. */
async function measure(lab: Lab, pump: Pump, { program, from, to }: Forwarder): Promise<Figures> {
  const bytes = lab.scaled(STREAM_BYTES);
  const before = cpuSeconds(program.pid);
  const source = pump.source({ ...from, bytes });
  const sink = pump.sink({ ...await to(), bytes });
  const [, begin] = await source.waitFor("stdout", /^begin (\d+)$/m, RUN_TIMEOUT_MS);
  const [, end] = await sink.waitFor("stdout", /^end (\d+)$/m, RUN_TIMEOUT_MS);
  const cpu = cpuSeconds(program.pid) - before;
  await lab.end([source, sink, program]);
  const seconds = Number(BigInt(end as string) - BigInt(begin as string)) / 1e9;
  return { rate: bytes / seconds / 1e6, cpu: cpu / (bytes / 1e9) };
}

async function throughRelay(lab: Lab): Promise<Forwarder> {
  const relay = await startRelay(lab);
  const { sender, receiver } = await new Matchmaker(relay).match();
  const { port } = relay.secure;
  const to = () => Promise.resolve({ port, line: receiver });
  return { program: relay.program, from: { port, line: sender }, to };
}

async function throughLoop(pump: Pump): Promise<Forwarder> {
  const program = pump.loop();
  const [, from, to] = await program.waitFor("stdout", /^listening (\d+) (\d+)$/m);
  return { program, from: { port: Number(from) }, to: () => Promise.resolve({ port: Number(to) }) };
}

/** It listens at its second port when somebody has come to the first one. */
async function throughSocat(lab: Lab): Promise<Forwarder> {
  const address = "TCP-LISTEN:0,bind=127.0.0.1";
  const program = lab.startForeign("socat", ["-d", "-d", "-u", "-b1048576", address, address]);
  const told = "listening on AF=2 127\\.0\\.0\\.1:(\\d+)";
  const [, from] = await program.waitFor("stderr", new RegExp(told));
  const to = async () => {
    const [, , port] = await program.waitFor("stderr", new RegExp(`${told}[^]*${told}`));
    return { port: Number(port) };
  };
  return { program, from: { port: Number(from) }, to };
}
