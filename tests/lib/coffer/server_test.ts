import { assertEquals, assertRejects } from "@std/assert";
import {
  CofferServer,
  encodeFrame,
  loadDefinition,
  ReplyDesk,
  type ServerEvent,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import {
  bigDefinition,
  definition,
  keyPair,
  random,
  readFrames,
  utf8,
} from "../../support/coffer.ts";
import { type MemoryStream, memoryStreamPair, readAll } from "../../support/memory_stream.ts";
import { FakeTime } from "../../support/time.ts";

const REMOTE = { host: "192.0.2.7", port: 4711 };

function deskOf(toml: string): ReplyDesk {
  return new ReplyDesk(loadDefinition(utf8(toml)), {
    server: keyPair("server"),
    x25519: x25519Node,
    random,
    clock: () => 1_600_000_000,
  });
}

/** A session on a stream in memory, and what was told of it; nothing is left of the server after it. */
function serve(capacity = Infinity, toml = definition("typed").toml, timeoutMs = 10_000) {
  const events: ServerEvent[] = [];
  const desk = deskOf(toml);
  const server = new CofferServer({
    deskFor: (peer) => {
      assertEquals(peer, REMOTE);
      return desk;
    },
    onEvent: (event) => void events.push(event),
    timeoutMs,
  });
  const [ours, theirs] = memoryStreamPair(capacity);
  const { handle, stop } = server.port;
  const done = handle({ stream: ours, remote: REMOTE, group: REMOTE.host });
  stop?.();
  return { events, theirs, done };
}

async function say(stream: MemoryStream, name: string): Promise<void> {
  await stream.write(encodeFrame("wide", 0x00, keyPair(name).publicKey));
  await stream.write(encodeFrame("wide", 0x02));
}

Deno.test("CofferServer: a session is served, told, and ended by Bye", async () => {
  const { events, theirs, done } = serve();
  await say(theirs, "web");
  await theirs.write(encodeFrame("wide", 0x99));
  assertEquals(readFrames(await readAll(theirs)).map(({ type }) => type), [0x05]);
  await done;
  assertEquals(events.map(({ type }) => type), ["served"]);
});

Deno.test("CofferServer: after a refusal the writing half ends, and the rest is read away", async () => {
  const { events, theirs, done } = serve();
  await theirs.write(encodeFrame("wide", 0x42));
  assertEquals(readFrames(await readAll(theirs)).map(({ type }) => type), [0xff]);
  await theirs.write(new Uint8Array(1000));
  await theirs.closeWrite();
  await done;
  assertEquals(events.map(({ type }) => type), ["refused"]);
});

Deno.test("CofferServer: silence is answered at the deadline, and closed a moment later", async () => {
  using time = new FakeTime();
  const { events, theirs, done } = serve();
  await time.advance(9_900);
  assertEquals(events, []);
  await time.advance(400);
  assertEquals(events.map(({ type }) => type), ["refused"]);
  await time.advance(1_400);
  await done;
  theirs.close();
});

Deno.test("CofferServer: who takes nothing of a reply is given up, without harm to anybody", async () => {
  using time = new FakeTime();
  const { events, theirs, done } = serve(16, bigDefinition());
  await say(theirs, "big");
  await time.advance(10_500);
  await done;
  assertEquals(events.map(({ type }) => type), ["stalled"]);
  theirs.close();
});

Deno.test("CofferServer: a fault in telling ends this session only, and is passed on", async () => {
  const desk = deskOf(definition("typed").toml);
  const server = new CofferServer({
    deskFor: () => desk,
    onEvent: () => {
      throw new NetFault("lost", "Cannot tell");
    },
  });
  const [ours, theirs] = memoryStreamPair();
  const { handle, stop } = server.port;
  const done = handle({ stream: ours, remote: REMOTE, group: REMOTE.host });
  stop?.();
  const rejected = assertRejects(() => done, NetFault, "Cannot tell");
  await say(theirs, "web");
  await rejected;
  ours.close();
  theirs.close();
});

Deno.test("CofferServer: its timer outlives a session, and ends by itself when there is none", async () => {
  using time = new FakeTime();
  const desk = deskOf(definition("typed").toml);
  const server = new CofferServer({ deskFor: () => desk, onEvent: () => {} });
  const session = async () => {
    const [ours, theirs] = memoryStreamPair();
    const done = server.port.handle({ stream: ours, remote: REMOTE, group: REMOTE.host });
    theirs.close();
    await done;
  };
  await session();
  await session();
  assertEquals(time.pending.length, 1);
  await time.advance(1_000);
  assertEquals(time.pending.length, 0);
});
