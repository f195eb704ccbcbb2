// A backend that behaves as its argument says, for cores to cope with: `bad_backend.ts ID MODE`.
// Its modes are the keys of MODES; most of them are things that no backend should do.

import { ChunkBuffer } from "../../lib/bytes/mod.ts";
import {
  computePacketKey,
  createPlainCipher,
  KEY_BYTES,
  makeKeyPair,
  NONCE_BYTES,
  PacketChannel,
} from "../../lib/triba/mod.ts";
import { connectTo, findPlace, type Place, TestSession } from "./triba_backend.ts";
import { writeError, writeLine } from "./write_line.ts";

const FOREVER_MS = 600_000;
const sleep = (ms: number = FOREVER_MS) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const utf8 = new TextEncoder();

/** Opens a session; resolves when it is open, the second promise when it is over. */
async function open(
  place: Place,
  options: ConstructorParameters<typeof TestSession>[2] = {},
): Promise<{ readonly session: TestSession; readonly over: Promise<number> }> {
  const opened = Promise.withResolvers<void>();
  const connection = await connectTo(place);
  const session = new TestSession(connection, place, {
    ...options,
    onOpen: (own) => {
      options.onOpen?.(own);
      opened.resolve();
    },
  });
  const over = session.run();
  await Promise.race([opened.promise, over]);
  return { session, over };
}

/** A child of this process, of its group unless detached, that ignores everything but SIGKILL. */
function fork(detached = false): void {
  const { pid } = new Deno.Command("/bin/sh", {
    args: ["-c", "trap '' TERM HUP INT; while :; do sleep 600; done"],
    stdin: "null",
    detached,
  }).spawn();
  writeLine(`child ${pid}`);
}

function ignoreSignals(): void {
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {});
  }
}

/** Each returns the code to exit with. */
const MODES: Record<string, (place: Place) => Promise<number>> = {
  /** What a backend should do: tells that it is online, answers, ends when asked or left. */
  good: async (place) => {
    const { session, over } = await open(place);
    writeError("open");
    session.send({ type: "Status", status: { type: "Online" } });
    return await over;
  },
  /** Shows how long a login's secret is, and asks for more over a sealed session. */
  login: async (place) => {
    const { over } = await open(place, {
      handle: (request) => {
        if (request.type !== "Login") return { type: "Success" };
        writeError(`account ${request.account} secret of ${request.secret.length}`);
        if (place.spawnSecret === undefined) return { type: "Success" };
        return { type: "LoginStep", kind: "url", text: "https://example.org", fields: [] };
      },
    });
    return await over;
  },
  "never-connect": async () => {
    await sleep();
    return 0;
  },
  "exit-0": () => Promise.resolve(0),
  "exit-1": () => Promise.resolve(1),
  "exit-64": () => Promise.resolve(64),
  "exit-77": () => Promise.resolve(77),
  "exit-78": () => Promise.resolve(78),
  /** Opens, says something, and exits. */
  crash: async (place) => {
    await open(place);
    for (let i = 0; i < 30; i++) writeError(`last words ${i}`);
    return 3;
  },
  killed: async (place) => {
    await open(place);
    Deno.kill(Deno.pid, "SIGKILL");
    await sleep();
    return 0;
  },
  /** Reads nothing and answers nothing. */
  silent: async (place) => {
    await connectTo(place);
    await sleep();
    return 0;
  },
  /** Opens, and takes requests without an answer. */
  mute: async (place) => {
    const { over } = await open(place, { handle: () => undefined });
    return await over;
  },
  /** Closes after its id. */
  "hang-up": async (place) => {
    const connection = await connectTo(place);
    await connection.write(place.id);
    await connection.read(new Uint8Array(32));
    connection.close();
    return 4;
  },
  /** Says in step 9 that it is of the next major version. */
  "other-major": async (place) => {
    const connection = await connectTo(place);
    const channel = await shakeHands(connection, place);
    await connection.write(channel.sendRequest("HandshakeUpgradeConnection").frame);
    const buffer = new Uint8Array(4096);
    for (let packets = 0; packets < 2;) {
      channel.push(buffer.subarray(0, await connection.read(buffer) ?? 0));
      while (channel.next() !== undefined) packets++;
    }
    await connection.write(channel.sendResponse(1, { ApiVersion: [2, 0, "future/1", []] }));
    return await drain(connection) === 0 ? 76 : 1;
  },
  "garbage-before": async (place) => {
    const connection = await connectTo(place);
    await connection.write(new Uint8Array(200).fill(0xaa));
    await sleep();
    return 0;
  },
  "garbage-handshake": async (place) => {
    const connection = await connectTo(place);
    await connection.write(place.id);
    await connection.write(new Uint8Array(200).fill(0xaa));
    await sleep();
    return 0;
  },
  "garbage-open": async (place) => {
    const { session } = await open(place);
    await session.connection.write(new Uint8Array([0, 0, 0, 20]));
    await session.connection.write(new Uint8Array(20));
    await sleep();
    return 0;
  },
  "flood-lines": async (place) => {
    await open(place);
    const block = utf8.encode("a line that says nothing\n".repeat(2000));
    while (true) await Deno.stdout.write(block);
  },
  "flood-packets": async (place) => {
    const { session, over } = await open(place);
    let going = true;
    over.then(() => going = false);
    while (going) {
      for (let i = 0; i < 64; i++) {
        session.send({ type: "Event", event: { type: "RoomRemoved", room: `${i}` } });
      }
      await sleep(0);
    }
    return 1;
  },
  /** Leaves a child behind that nothing but SIGKILL ends. */
  fork: async (place) => {
    fork();
    const { over } = await open(place);
    await Promise.race([over, sleep(300)]);
    return 1;
  },
  /** Has children that nothing but SIGKILL ends, one of them in a session of its own. */
  "ignore-all": async (place) => {
    ignoreSignals();
    fork();
    fork(true);
    await open(place, { obeys: false });
    writeLine(`self ${Deno.pid}`);
    await sleep();
    return 0;
  },
  /** Has a child, and both ignore all but SIGKILL. */
  stubborn: async (place) => {
    ignoreSignals();
    fork();
    await open(place, { obeys: false });
    writeLine(`self ${Deno.pid}`);
    await sleep();
    return 0;
  },
  /** Knows nothing of versions and of `Shutdown`, and says so if it gets one. */
  plain: async (place) => {
    const { over } = await open(place, {
      handle: (request) => {
        writeError(`asked for ${request.type}`);
        return { type: "Success" };
      },
      onShutdown: () => writeError("asked to end"),
    });
    return await over;
  },
  "close-stream": async (place) => {
    const { session } = await open(place);
    session.connection.close();
    await sleep();
    return 0;
  },
  "twice-before": async (place) => {
    const [first, second] = [await connectTo(place), await connectTo(place)];
    await first.write(place.id);
    await sleep(100);
    await second.write(place.id);
    const [a, b] = await Promise.all([drain(first), drain(second)]);
    writeError(`first got ${a} bytes, second ${b}`);
    await sleep();
    return 0;
  },
  "twice-open": async (place) => {
    const { session, over } = await open(place);
    const second = await connectTo(place);
    await second.write(place.id);
    writeError(`second got ${await drain(second)} bytes`);
    session.send({ type: "Status", status: { type: "Online" } });
    return await over;
  },
  /** Shows an id that nobody was given, and then its own. */
  "wrong-id": async (place) => {
    const connection = await connectTo(place);
    await connection.write(new Uint8Array(16).fill(7));
    writeError(`stranger got ${await drain(connection)} bytes`);
    return await (await open(place)).over;
  },
  /** Opens 300 connections that say nothing, and then one that does. */
  crowd: async (place) => {
    const crowd = await Promise.all(Array.from({ length: 300 }, () => connectTo(place)));
    const refused: number[] = [];
    const ends = crowd.map((connection) => drain(connection).then((count) => refused.push(count)));
    await sleep(1000);
    writeError(`refused ${refused.length}`);
    await Promise.all(crowd.map((connection) => connection.closeWrite().catch(() => {})));
    await Promise.all(ends);
    for (const connection of crowd) connection.close();
    return await (await open(place)).over;
  },
};

/** Number of bytes until the end of the stream; a reset is an end too. */
async function drain(connection: Deno.UnixConn): Promise<number> {
  const buffer = new Uint8Array(4096);
  let length = 0;
  try {
    for (let count = 0; (count = await connection.read(buffer) ?? 0) > 0;) length += count;
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return length;
}

/** Steps 1 to 6. */
async function shakeHands(connection: Deno.UnixConn, place: Place): Promise<PacketChannel> {
  const { secretKey, publicKey } = makeKeyPair((length) =>
    crypto.getRandomValues(new Uint8Array(length))
  );
  await connection.write(place.id);
  await connection.write(publicKey);
  const reader = new ChunkBuffer();
  const piece = new Uint8Array(KEY_BYTES + NONCE_BYTES);
  while (reader.length < piece.length) {
    reader.push(piece.subarray(0, await connection.read(piece) ?? 0));
  }
  const key = computePacketKey(secretKey, (reader.take(KEY_BYTES) ?? piece).slice());
  const cipher = createPlainCipher(key, (reader.take(NONCE_BYTES) ?? piece).slice());
  return new PacketChannel({ cipher, byteOrder: "big", form: "compact", buffer: reader });
}

const mode = MODES[Deno.args[1] ?? ""];
if (mode === undefined) throw new Error(`No mode "${Deno.args[1]}"`);
Deno.exit(await mode(await findPlace()));
