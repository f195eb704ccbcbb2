// A large file and a folder of small ones from `relay send` through `relay serve` to
// `relay receive`, in both generations of the records, beside `openssl enc` piped through socat.
// Times count from starting the programs to the end of the last one.

import { createHash } from "node:crypto";
import { generateCode } from "../../lib/code/mod.ts";
import { alternate, median, type Row } from "./harness.ts";
import { type Lab, missingTool } from "./lab.ts";
import { memoryBytes, PeakWatch } from "./process.ts";
import { startRelay } from "./relay.ts";

const FILE_BYTES = 2 ** 30;
const FOLDER_FILES = 10_000;
const SMALL_FILE_BYTES = 4096;
const CHUNK_BYTES = 2 ** 20;
const RUN_TIMEOUT_MS = 300_000;
const GOAL_RELAY_MB = 120;
const GOAL_PEER_MB = 250;
const WIRES = ["nonce12", "nonce20"] as const;
/** Larger buffers than the defaults, with which these two are slower. */
const ENC = `openssl enc -aes-256-ctr -bufsize 65536 -K ${"1f".repeat(32)} -iv ${"2e".repeat(16)}`;
const SOCAT = "socat -u -b262144";

type Wire = typeof WIRES[number];

/** What is sent. */
interface Load {
  readonly kind: "file" | "folder";
  readonly path: string;
  readonly bytes: number;
  readonly digest: string;
}

interface Figures {
  /** MB/s. */
  readonly rate: number;
  /** Peaks in MB; a peer's programs are not ours to bound. */
  readonly peaks?: { readonly relay: number; readonly sender: number; readonly receiver: number };
}

/** Rates and peaks of memory. */
export async function benchTransfer(lab: Lab): Promise<Row[]> {
  const rows: Row[] = [];
  for (const make of [makeFile, makeFolder]) {
    const load = await make(lab);
    rows.push(...await benchLoad(lab, load));
    await Deno.remove(load.path, { recursive: true });
  }
  return rows;
}

async function benchLoad(lab: Lab, load: Load): Promise<Row[]> {
  const peerName = load.kind === "file" ? "openssl enc | socat" : "tar | openssl enc | socat";
  const missing = missingTool("openssl", "socat", "tar");
  const sides = [
    ...WIRES.map((wire) => ({ name: wire as string, run: () => sendOurs(lab, load, wire) })),
    ...(missing === undefined ? [{ name: peerName, run: () => sendTheirs(lab, load) }] : []),
  ];
  const figures = await alternate(
    lab.runs,
    sides.map(({ name, run }) => async (count) => {
      const one = await run();
      lab.note(`transfer ${load.kind} ${count}/${lab.runs} ${name}: ${describe(one)}`);
      return one;
    }),
  );
  const theirs = figures[WIRES.length];
  const peer = theirs === undefined
    ? { name: peerName, skipped: `${missing} is not installed` }
    : { name: peerName, value: median(theirs.map(({ rate }) => rate)) };
  return WIRES.flatMap((wire, i) => {
    const name = `transfer ${load.kind} ${wire}`;
    const ours = figures[i] ?? [];
    const rate = median(ours.map((one) => one.rate));
    return [
      { name, unit: "MB/s", better: "more" as const, ours: rate, peer },
      ...peaksOf(name, ours),
    ];
  });
}

/** The highest of all runs, since what is promised is a bound. */
function peaksOf(name: string, figures: readonly Figures[]): Row[] {
  return (["relay", "sender", "receiver"] as const).map((program) => ({
    name: `${name}, peak of ${program}`,
    unit: "MB",
    better: "less",
    ours: Math.max(...figures.map(({ peaks }) => peaks?.[program] ?? 0)),
    goal: { below: program === "relay" ? GOAL_RELAY_MB : GOAL_PEER_MB },
  }));
}

function describe({ rate, peaks }: Figures): string {
  const parts = Object.entries(peaks ?? {}).map(([name, peak]) => `${name} ${peak.toFixed(0)} MB`);
  return [`${rate.toFixed(1)} MB/s`, ...parts].join(", ");
}

async function sendOurs(lab: Lab, load: Load, wire: Wire): Promise<Figures> {
  const relay = await startRelay(lab);
  const target = await Deno.makeTempDir({ dir: lab.folder });
  const options = { env: { SALLYPORT_CODE: generateCode() } };
  const shared = ["--relay", relay.address, "--quiet"];
  const begun = performance.now();
  const sender = lab.start("relay", ["send", ...shared, "--wire", wire, load.path], options);
  const receive = ["receive", ...shared, "--yes", "--output", target];
  const receiver = lab.start("relay", receive, options);
  using senderPeak = new PeakWatch(sender.pid);
  using receiverPeak = new PeakWatch(receiver.pid);
  await lab.succeed([sender, receiver], RUN_TIMEOUT_MS);
  const rate = rateOf(load, begun);
  const relayPeak = memoryBytes(relay.program.pid, "VmHWM");
  await lab.end([relay.program]);
  await requireSame(load, `${target}/${load.kind}`);
  await Deno.remove(target, { recursive: true });
  const [own, others] = [
    relayPeak / 1e6,
    [senderPeak, receiverPeak].map(({ bytes }) => bytes / 1e6),
  ];
  const [ofSender = 0, ofReceiver = 0] = others;
  return { rate, peaks: { relay: own, sender: ofSender, receiver: ofReceiver } };
}

async function sendTheirs(lab: Lab, load: Load): Promise<Figures> {
  const target = await Deno.makeTempDir({ dir: lab.folder });
  const isFile = load.kind === "file";
  const write = isFile ? `${ENC} -d -out ${target}/file` : `${ENC} -d | tar x -C ${target}`;
  const begun = performance.now();
  const receiver = lab.startForeign("sh", [
    "-c",
    `${SOCAT} -d -d TCP-LISTEN:0,bind=127.0.0.1 - | ${write}`,
  ]);
  const [, port] = await receiver.waitFor("stderr", /listening on AF=2 127\.0\.0\.1:(\d+)/);
  const read = isFile ? `${ENC} -in file` : `tar c folder | ${ENC}`;
  const sender = lab.startForeign("sh", ["-c", `${read} | ${SOCAT} - TCP:127.0.0.1:${port}`]);
  await lab.succeed([sender, receiver], RUN_TIMEOUT_MS);
  const rate = rateOf(load, begun);
  await requireSame(load, `${target}/${load.kind}`);
  await Deno.remove(target, { recursive: true });
  return { rate };
}

function rateOf({ bytes }: Load, begun: number): number {
  return bytes / 1e6 / ((performance.now() - begun) / 1000);
}

async function makeFile(lab: Lab): Promise<Load> {
  const path = `${lab.folder}/file`;
  const bytes = lab.scaled(FILE_BYTES);
  using file = await Deno.open(path, { createNew: true, write: true });
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    await writeRandom(file, Math.min(left, CHUNK_BYTES));
  }
  return { kind: "file", path, bytes, digest: await digestOf(path) };
}

async function makeFolder(lab: Lab): Promise<Load> {
  const path = `${lab.folder}/folder`;
  const files = lab.scaled(FOLDER_FILES);
  await Deno.mkdir(path);
  for (let i = 0; i < files; i++) {
    using file = await Deno.open(`${path}/${i}`, { createNew: true, write: true });
    await writeRandom(file, SMALL_FILE_BYTES);
  }
  const bytes = files * SMALL_FILE_BYTES;
  return { kind: "folder", path, bytes, digest: await digestOf(path) };
}

async function writeRandom(file: Deno.FsFile, length: number): Promise<void> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  for (let done = 0; done < length;) done += await file.write(bytes.subarray(done));
}

/** SHA-256 of a file, or of the names and contents in a folder. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  const { isDirectory } = await Deno.stat(path);
  const names = isDirectory ? Array.from(Deno.readDirSync(path), ({ name }) => name).sort() : [""];
  for (const name of names) {
    hash.update(`${name}\n`);
    using file = await Deno.open(isDirectory ? `${path}/${name}` : path);
    for await (const chunk of file.readable) hash.update(chunk);
  }
  return hash.digest("hex");
}

async function requireSame({ digest }: Load, copy: string): Promise<void> {
  if (await digestOf(copy) !== digest) throw new Error("Cannot measure: what arrived differs");
}
