// Sessions of `coffer-server` under load, beside a server that only accepts, reads, writes and
// closes: the limit of this runtime. Then many clients that hold a connection, and more clients than
// there are descriptors.

import { delay } from "@std/async/delay";
import type { Program } from "../support/program.ts";
import { type Amount, probe, type RunningServer, Vault } from "./coffer_server.ts";
import { Fetch, type LoadFigures } from "./fetch.ts";
import { alternate, median, type Row } from "./harness.ts";
import type { Lab } from "./lab.ts";
import { cpuSeconds, memoryBytes, mostDescriptors } from "./process.ts";

const CLIENTS = 16;
/** Of each row's load; the sides take turns, so it is cut into as many parts as there are runs. */
const LOAD_MS = 20_000;
const WARM_UP_MS = 1000;
/** More requests with proof than anything in this runtime could answer in a second. */
const REQUESTS_A_SECOND = 6000;
const GOAL_OF_LIMIT = 0.8;
const LIMIT = "bare Deno server";

const HELD_CLIENTS = 5000;
const GOAL_HELD_MB = 120;
const GOAL_SERVED_MS = 1000;
const SETTLE_MS = 1000;
/** For everything that is no connection. */
const SPARE_DESCRIPTORS = 200;
/** Clients that wait for a word would be ended, and so many of one address refused. */
const PATIENT = [
  ...["--session-timeout", "600", "--max-per-address", "100000", "--max-connections", "10000"],
];

const DESCRIPTORS = 64;
const CROWD = 200;
const GOAL_RECOVERY_MS = 1000;
/** Of a second, while nobody can be accepted. */
const GOAL_IDLE = 0.1;

const MODES = [
  { name: "plain kept", args: [] },
  { name: "plain fresh", args: ["--fresh-replies"] },
  { name: "authenticated", args: ["--require-authenticated"] },
] as const;
const AMOUNTS: readonly Amount[] = ["one entry", "70 kB"];

/** One column of the comparison. */
interface Side {
  readonly name: string;
  readonly port: number;
  readonly replyBytes: number;
  /** For a load of so many milliseconds. */
  readonly requests: (milliseconds: number) => Iterable<Uint8Array>;
}

/** Loads, held connections, and the lack of descriptors. */
export async function benchCoffer(lab: Lab): Promise<Row[]> {
  const fetch = await Fetch.compile(lab);
  if (typeof fetch === "string") {
    return [{ name: "coffer", unit: "/s", better: "more", skipped: fetch }];
  }
  const vault = await Vault.fill(lab);
  return [
    ...await benchLoads(lab, fetch, vault),
    ...await benchHeld(lab, fetch, vault),
    ...await benchExhausted(lab, fetch, vault),
  ];
}

async function benchLoads(lab: Lab, fetch: Fetch, vault: Vault): Promise<Row[]> {
  const servers: RunningServer[] = [];
  const sides: Side[] = [];
  for (const { name, args } of MODES) {
    const server = await vault.serve(lab, args);
    servers.push(server);
    for (const amount of AMOUNTS) sides.push(await openSide(vault, name, amount, server.port));
  }
  const bare: RunningServer[] = [];
  for (const { replyBytes } of sides.slice(0, AMOUNTS.length)) {
    bare.push(await startBare(lab, replyBytes));
  }
  // The limits come right after what has a goal, so that what the machine does beside hits both.
  const kept = sides.splice(0, AMOUNTS.length);
  const limits = kept.map((side, i) => ({
    ...side,
    name: `${LIMIT}, ${AMOUNTS[i]}`,
    port: bare[i]?.port ?? side.port,
  }));
  const figures = await runLoads(lab, fetch, [...kept, ...limits, ...sides]);
  const memory = servers.map(({ program }, i) => memoryRow(program, MODES[i]?.name ?? ""));
  await lab.end([...servers, ...bare].map(({ program }) => program));
  const rows = [...kept, ...sides].flatMap(({ name }, i) => {
    const limit = figures.get(limits[i % AMOUNTS.length]?.name ?? "") ?? [];
    return loadRows(name, figures.get(name) ?? [], limit, i < kept.length);
  });
  return [...rows, ...memory];
}

/** What the sides came to, by their names. */
async function runLoads(
  lab: Lab,
  fetch: Fetch,
  sides: readonly Side[],
): Promise<ReadonlyMap<string, readonly LoadFigures[]>> {
  const run = ({ requests, ...side }: Side, milliseconds: number) =>
    fetch.load({ ...side, clients: CLIENTS, requests: requests(milliseconds) }, milliseconds);
  for (const side of sides) await run(side, lab.scaled(WARM_UP_MS));
  const part = Math.ceil(lab.scaled(LOAD_MS) / lab.runs);
  const figures = await alternate(
    lab.runs,
    sides.map((side) => async (number) => {
      const one = await run(side, part);
      lab.note(`coffer ${number}/${lab.runs} ${side.name}: ${describe(one)}`);
      return one;
    }),
  );
  return new Map(sides.map(({ name }, i) => [name, figures[i] ?? []]));
}

async function openSide(vault: Vault, mode: string, amount: Amount, port: number): Promise<Side> {
  const requests = mode === "authenticated"
    ? (milliseconds: number) =>
      vault.authenticated(amount, Math.ceil(REQUESTS_A_SECOND * milliseconds / 1000))
    : () => [vault.plain(amount)];
  const [first = vault.plain(amount)] = requests(1);
  return { name: `${mode}, ${amount}`, port, replyBytes: await probe(port, first), requests };
}

async function startBare(lab: Lab, replyBytes: number): Promise<RunningServer> {
  const source = new URL("./bare.ts", import.meta.url).pathname;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const program = lab.startForeign(Deno.execPath(), [
    ...["run", "--quiet", `--config=${config}`, "--allow-net", source, String(replyBytes)],
  ]);
  const [, port] = await program.waitFor("stdout", /^listening (\d+)$/m);
  return { program, port: Number(port) };
}

function loadRows(
  name: string,
  ours: readonly LoadFigures[],
  limit: readonly LoadFigures[],
  hasGoal: boolean,
): Row[] {
  const of = (figures: readonly LoadFigures[], which: keyof LoadFigures) =>
    median(figures.map((one) => one[which]));
  const peer = (which: keyof LoadFigures) => ({ name: LIMIT, value: of(limit, which) });
  return [
    {
      name: `${name}, sessions`,
      unit: "/s",
      better: "more",
      ours: of(ours, "rate"),
      peer: peer("rate"),
      ...(hasGoal ? { goal: { ratio: GOAL_OF_LIMIT } } : {}),
    },
    ...(["p50", "p99"] as const).map((which): Row => ({
      name: `${name}, ${which}`,
      unit: "ms",
      better: "less",
      ours: of(ours, which),
      peer: peer(which),
    })),
  ];
}

function describe({ rate, p50, p99 }: LoadFigures): string {
  return `${rate.toFixed(0)} sessions/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
}

function memoryRow({ pid }: Program, name: string): Row {
  const ours = memoryBytes(pid, "VmHWM") / 1e6;
  return { name: `${name}, peak of memory`, unit: "MB", better: "less", ours };
}

async function benchHeld(lab: Lab, fetch: Fetch, vault: Vault): Promise<Row[]> {
  const clients = lab.scaled(HELD_CLIENTS);
  const memoryRow = { name: "held, memory", unit: "MB", better: "less" } as const;
  const timeRow = { name: "held, all served", unit: "ms", better: "less" } as const;
  const peakRow = { name: "held and served, peak of memory", unit: "MB", better: "less" } as const;
  const most = mostDescriptors() - SPARE_DESCRIPTORS;
  if (clients > most) {
    const skipped = `${clients} connections are more than the ${most} that descriptors allow`;
    return [{ ...memoryRow, skipped }, { ...timeRow, skipped }, { ...peakRow, skipped }];
  }
  const { program, port } = await vault.serve(lab, PATIENT);
  const request = vault.plain("one entry");
  const target = { port, clients, requests: [request], replyBytes: await probe(port, request) };
  const { held, ask } = await fetch.hold(target);
  await delay(SETTLE_MS);
  const memory = memoryBytes(program.pid, "VmHWM") / 1e6;
  const { served, took } = await ask();
  if (held !== clients || served !== clients) {
    throw new Error(`Cannot measure: of ${clients} ${held} connected, ${served} were served`);
  }
  const peak = memoryBytes(program.pid, "VmHWM") / 1e6;
  lab.note(`coffer held ${held}: ${memory.toFixed(0)} MB, all served in ${took.toFixed(0)} ms`);
  await lab.end([program]);
  return [
    { ...memoryRow, ours: memory, goal: { below: GOAL_HELD_MB } },
    { ...timeRow, ours: took, goal: { below: GOAL_SERVED_MS } },
    { ...peakRow, ours: peak },
  ];
}

/** More clients than descriptors: those who wait in the system's queue are connected, too. */
async function benchExhausted(lab: Lab, fetch: Fetch, vault: Vault): Promise<Row[]> {
  const limited = `ulimit -n ${DESCRIPTORS} && exec "$@"`;
  const { program, port } = await vault.serve(lab, PATIENT, {
    through: ["sh", "-c", limited, "sh"],
  });
  const request = vault.plain("one entry");
  const replyBytes = await probe(port, request);
  const { held, ask } = await fetch.hold({ port, clients: CROWD, requests: [request], replyBytes });
  await program.waitFor("stderr", /out of file descriptors/);
  const busy = cpuSeconds(program.pid);
  await delay(SETTLE_MS);
  const idle = cpuSeconds(program.pid) - busy;
  const { served } = await ask();
  const begun = performance.now();
  await probe(port, request);
  const recovery = performance.now() - begun;
  lab.note(
    `coffer out of descriptors: ${served} of ${held} served, then in ${recovery.toFixed(1)} ms`,
  );
  await lab.end([program]);
  const name = "out of descriptors";
  return [
    {
      name: `${name}, served`,
      unit: "clients",
      better: "more",
      ours: served,
      peer: { name: "connected", value: held },
      goal: { ratio: 1 },
    },
    {
      name: `${name}, processor time`,
      unit: "s/s",
      better: "less",
      ours: idle / (SETTLE_MS / 1000),
      goal: { below: GOAL_IDLE },
    },
    {
      name: `${name}, the next session`,
      unit: "ms",
      better: "less",
      ours: recovery,
      goal: { below: GOAL_RECOVERY_MS },
    },
  ];
}
