// How long two new peers need to be joined by a relay that holds 500 idle pairs and forwards for 50
// busy ones, and what an idle pair costs it. The time counts from before the second peer connects
// to the answer `00` to both, the peers' own arithmetic included.

import { delay } from "@std/async/delay";
import type { ByteStream } from "../../lib/net/mod.ts";
import type { Program } from "../support/program.ts";
import { median, type Row } from "./harness.ts";
import type { Lab } from "./lab.ts";
import { memoryBytes } from "./process.ts";
import { Pump } from "./pump.ts";
import { Matchmaker, type RunningRelay, startRelay } from "./relay.ts";

const IDLE_PAIRS = 500;
const BUSY_PAIRS = 50;
/** After these the relay's code is warm: what is added from then on is memory of pairs. */
const WARM_UP_PAIRS = 50;
const JOINS = 10;
const GOAL_JOIN_MS = 1000;
const SETTLE_MS = 1000;
/** Limits against crowds from one address would be what is measured. */
const NO_LIMITS = [
  ...["--handshakes", "100000,100000", "--max-per-address", "100000", "--max-waiting", "60000"],
];

/** Memory of idle pairs, and the time to be joined without the busy ones and with them. */
export async function benchCrowd(lab: Lab): Promise<Row[]> {
  const relay = await startRelay(lab, NO_LIMITS);
  const matchmaker = new Matchmaker(relay);
  const idle: ByteStream[] = [];
  try {
    await addIdle(matchmaker, idle, lab.scaled(WARM_UP_PAIRS));
    const few = await settledMemory(relay);
    const added = lab.scaled(IDLE_PAIRS - WARM_UP_PAIRS);
    await addIdle(matchmaker, idle, added);
    const perPair = (await settledMemory(relay) - few) / added / 1000;
    const pairs = idle.length / 2;
    lab.note(`crowd: ${pairs} idle pairs, ${perPair.toFixed(1)} KB each`);
    const memory = { name: "crowd, an idle pair's memory", unit: "KB", better: "less" } as const;
    return [
      { ...memory, ours: perPair },
      await timeJoins(lab, matchmaker, "crowd, joining beside idle pairs"),
      await timeJoinsBesideBusy(lab, relay, matchmaker),
    ];
  } finally {
    for (const stream of idle) stream.close();
  }
}

async function addIdle(matchmaker: Matchmaker, to: ByteStream[], pairs: number): Promise<void> {
  for (let i = 0; i < pairs; i++) {
    const { channels } = await matchmaker.join();
    to.push(...channels);
  }
}

async function settledMemory({ program }: RunningRelay): Promise<number> {
  await delay(SETTLE_MS);
  return memoryBytes(program.pid, "VmRSS");
}

async function timeJoins(lab: Lab, matchmaker: Matchmaker, name: string): Promise<Row> {
  const times: number[] = [];
  for (let i = 0; i < JOINS; i++) {
    const { channels, took } = await matchmaker.join();
    for (const channel of channels) channel.close();
    times.push(took);
  }
  lab.note(`${name}: ${times.map((time) => time.toFixed(0)).join(", ")} ms`);
  return { name, unit: "ms", better: "less", ours: median(times), goal: { below: GOAL_JOIN_MS } };
}

async function timeJoinsBesideBusy(
  lab: Lab,
  { secure: { port } }: RunningRelay,
  matchmaker: Matchmaker,
): Promise<Row> {
  const name = "crowd, joining beside busy pairs too";
  const pump = await Pump.compile(lab);
  if (typeof pump === "string") return { name, unit: "ms", better: "less", skipped: pump };
  const pumps: Program[] = [];
  for (let i = 0; i < lab.scaled(BUSY_PAIRS); i++) {
    const { sender, receiver } = await matchmaker.match();
    const source = pump.source({ port, bytes: 0, line: sender });
    pumps.push(source, pump.sink({ port, bytes: 0, line: receiver }));
    await source.waitFor("stdout", /^begin/m);
  }
  await delay(SETTLE_MS);
  const row = await timeJoins(lab, matchmaker, name);
  await lab.end(pumps);
  return row;
}
