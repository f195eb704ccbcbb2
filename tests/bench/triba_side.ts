// The processes of the TriBA benchmark. `core FOLDER SEAL COUNT COMMAND...` runs a core with one
// backend and measures requests to it; `serve PATH` and `frames PATH COUNT` send frames of the same
// sizes over the same kind of socket and do nothing else: what a core could reach at most. Figures
// are printed as one JSON object.
//
//   deno run --allow-all triba_side.ts core FOLDER require 10000 triba echo

import { FrameDecoder } from "../../lib/triba/channel/frame.ts";
import { type BackendSpec, Core } from "../../lib/triba/core/mod.ts";
import {
  frameSizes,
  LARGE_TEXT_BYTES,
  ROOM,
  type SideFigures,
  type TripSizes,
} from "./triba_frames.ts";

const BACKEND = "echo";
/** Requests that are on their way at once where they are pipelined; the protocol allows 64. */
const PIPELINED = 64;
/** Large round trips are this much fewer. */
const LARGE_PART = 20;
const OPEN_TIMEOUT_MS = 30_000;
const LIMIT_BYTES = 1024 * 1024;

/** Calls `request` so often, so many at once; gives calls per second. */
async function measure(
  count: number,
  atOnce: number,
  request: () => Promise<unknown>,
): Promise<number> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await request();
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: atOnce }, lane));
  return count / (performance.now() - begun) * 1000;
}

async function measureAll(
  count: number,
  small: () => Promise<unknown>,
  large: () => Promise<unknown>,
): Promise<SideFigures> {
  const few = Math.ceil(count / LARGE_PART);
  await measure(count, PIPELINED, small); // from now on the code is compiled
  await measure(few, 1, large);
  return {
    serial: await measure(count, 1, small),
    pipelined: await measure(count, PIPELINED, small),
    large: await measure(few, 1, large),
    largePipelined: await measure(few, PIPELINED, large),
  };
}

async function runCore(
  folder: string,
  seal: string,
  count: number,
  command: readonly string[],
): Promise<SideFigures> {
  const environment = Deno.env.toObject();
  await using core = await Core.open({ agent: "bench/1", stateFolder: folder, environment });
  const spec: BackendSpec = {
    name: BACKEND,
    command,
    arguments: [],
    environment: environment["DENO_DIR"] === undefined ? {} : { DENO_DIR: environment["DENO_DIR"] },
    byteOrder: "big",
    form: "compact",
    handshake: "versioned",
    seal: seal === "require" ? "require" : "off",
    firstId: 0,
    connectMs: OPEN_TIMEOUT_MS,
  };
  const opened = Promise.withResolvers<void>();
  core.subscribe((notice) => {
    if (notice.type !== "backend") return;
    const { state, network, reason } = notice.status;
    if (state === "open" && network?.type === "Online") opened.resolve();
    if (state === "stopped" || state === "waiting") opened.reject(new Error(reason));
  });
  const begun = performance.now();
  await core.apply([spec]);
  await opened.promise;
  const openMs = performance.now() - begun;
  const text = "x".repeat(LARGE_TEXT_BYTES);
  await core.request(BACKEND, {
    type: "SendMessage",
    room: ROOM,
    txn: "1",
    content: { type: "Text", text },
  });
  const figures = await measureAll(
    count,
    () => core.request(BACKEND, { type: "Ping" }),
    () => core.request(BACKEND, { type: "FetchMessages", room: ROOM, before: null, limit: 1 }),
  );
  return { ...figures, openMs };
}

/** Answers each frame of one connection with one of the size that its first four bytes name. */
async function serveFrames(path: string): Promise<void> {
  using listener = Deno.listen({ transport: "unix", path });
  Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
  using connection = await listener.accept();
  for await (const frame of readFrames(connection)) {
    const size = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
    await writeAll(connection, makeFrame(size, 0));
  }
}

async function* readFrames(connection: Deno.Conn): AsyncGenerator<Uint8Array> {
  const frames = new FrameDecoder("big", LIMIT_BYTES);
  const buffer = new Uint8Array(64 * 1024);
  for (
    let count = await connection.read(buffer);
    count !== null;
    count = await connection.read(buffer)
  ) {
    frames.push(buffer.subarray(0, count));
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) yield frame;
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

/** A frame of so many bytes in all, which asks for one of so many. */
function makeFrame(size: number, answerSize: number): Uint8Array {
  const frame = new Uint8Array(size);
  const view = new DataView(frame.buffer);
  view.setUint32(0, size - 4);
  view.setUint32(4, answerSize);
  return frame;
}

async function askFrames(path: string, count: number): Promise<SideFigures> {
  using connection = await Deno.connect({ transport: "unix", path });
  const waiting: (() => void)[] = [];
  const reading = (async () => {
    for await (const _ of readFrames(connection)) waiting.shift()?.();
  })();
  const ask = async ({ request, answer }: TripSizes) => {
    const answered = Promise.withResolvers<void>();
    waiting.push(answered.resolve);
    await writeAll(connection, makeFrame(request, answer));
    await answered.promise;
  };
  const { small, large } = frameSizes();
  const figures = await measureAll(count, () => ask(small), () => ask(large));
  await connection.closeWrite();
  await reading;
  return figures;
}

const [role, first = "", second = "", third = "", ...command] = Deno.args;
if (role === "serve") await serveFrames(first);
else {
  const figures = role === "core"
    ? await runCore(first, second, Number(third), command)
    : await askFrames(first, Number(second));
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(figures)}\n`));
}
