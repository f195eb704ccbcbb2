import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  type Answer,
  compute,
  decodeEntries,
  type Desk,
  encodeFrame,
  type Framing,
  FRAMINGS,
  loadDefinition,
  openSealedBox,
  ReplyDesk,
  type ServerEvent,
  ServerMachine,
  type ServerMachineOptions,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import { cuts } from "../../support/chunks.ts";
import {
  definition,
  keyPair,
  type Proposed,
  random,
  readFrames,
  readVectors,
  Run,
  utf8,
} from "../../support/coffer.ts";

const START = 5_000;
const desk = new ReplyDesk(loadDefinition(utf8(definition("typed").toml)), {
  server: keyPair("server"),
  x25519: x25519Node,
  random,
  clock: () => 1_600_000_000,
});

/** A connection of a server. */
class Connection extends Run<ServerEvent, ServerMachine> {
  constructor(options: ServerMachineOptions = {}, at: Desk = desk) {
    super(new ServerMachine(at, options), START);
  }
}

interface ServerCase {
  readonly id: string;
  readonly bytes: string;
  readonly ours: {
    readonly reply: readonly string[];
    readonly error?: string;
    readonly framing?: Framing;
    readonly when?: string;
  };
}

const { cases } = readVectors<{ readonly cases: readonly ServerCase[] }>("server-behaviour.json");

function assertOutcome(connection: Connection, vector: ServerCase, name: string): void {
  const { reply, error, framing = "wide" } = vector.ours;
  const frames = readFrames(connection.stream, framing);
  assertEquals(frames.map(({ type }) => `0x${type.toString(16).padStart(2, "0")}`), reply, name);
  if (error !== undefined) {
    assertEquals(new TextDecoder().decode(frames.at(-1)?.body), error, name);
    assert(connection.eventTypes.includes("refused"), name);
    assert(connection.eventTypes.includes("half-close"), name);
  }
}

function assertNormalSession(name: string): void {
  const web = keyPair("web");
  const hello = encodeFrame("wide", 0x00, web.publicKey);
  const connection = new Connection().receive(hello, encodeFrame("wide", 0x02));
  const [frame] = readFrames(connection.stream);
  const opened = compute(openSealedBox(frame?.body ?? new Uint8Array(), web), x25519Node);
  assert(opened !== undefined, name);
  assertEquals([...decodeEntries(opened).keys()], ["WEB_TOKEN"], name);
  assertEquals(connection.receive(encodeFrame("wide", 0x99)).done, true, name);
}

Deno.test("ServerMachine: every recorded client gets its answer, and the next one is served", async (t) => {
  assertEquals(cases.length, 43);
  for (const vector of cases) {
    await t.step(vector.id, () => {
      for (const { name, chunks } of cuts(decodeHex(vector.bytes))) {
        const connection = new Connection().receive(...chunks);
        if (vector.ours.when !== undefined) {
          assertEquals(connection.sent, [], "nothing before the deadline");
          connection.wait();
          assertEquals(connection.now, START + 10_000);
        }
        connection.end();
        assertOutcome(connection, vector, name);
        assertEquals(connection.done, true, name);
        assertEquals(connection.machine.wakeAt, undefined, name);
      }
      assertNormalSession(vector.id);
    });
  }
});

const web = keyPair("web").publicKey;
const stranger = keyPair("stranger").publicKey;
const hello = (framing: Framing, key = web) => encodeFrame(framing, 0x00, key);
const get = (framing: Framing, body?: Uint8Array) => encodeFrame(framing, 0x02, body);

/** Types and texts of what was sent. */
function sentBy(connection: Connection, framing: Framing): string[] {
  return readFrames(connection.stream, framing).map(({ type, body }) =>
    type === 0xff ? new TextDecoder().decode(body) : `0x${type.toString(16)}`
  );
}

Deno.test("ServerMachine: the narrow session of the seed", async (t) => {
  const { narrowSession } = readVectors<Proposed>("proposed.json");
  const toml = '[a]\nid = "8F40C5ADB68F25624AE5B214EA767A6EC94D829D3D7B5E1AD1BA6F3E2138285F"\n' +
    "SINCE = 2020-01-19T13:55:46Z\n";
  const ephemeral = decodeHex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0");
  const fixed = new ReplyDesk(loadDefinition(utf8(toml)), {
    server: keyPair("server"),
    x25519: x25519Node,
    random: () => ephemeral.slice(),
    clock: () => 0,
  });
  await t.step("narrow", () => {
    const connection = new Connection({}, fixed).receive(narrowSession.helloHex);
    assertEquals(encodeHex(connection.stream), narrowSession.linkHex);
    connection.receive(narrowSession.getHex);
    assertEquals(encodeHex(connection.stream), narrowSession.linkHex + narrowSession.okGetHex);
    connection.receive(narrowSession.byeHex);
    assertEquals(connection.done, true);
  });
  await t.step("wide", () => {
    const { wideSession } = readVectors<Proposed>("proposed.json");
    const connection = new Connection({}, fixed).receive(wideSession.helloHex);
    assertEquals(connection.sent, [], "a Link would end an original client");
    connection.receive(wideSession.getHex);
    assertEquals(encodeHex(connection.stream), wideSession.okGetHex);
    assertEquals(connection.receive(wideSession.byeHex).done, true);
  });
});

Deno.test("ServerMachine: both framings on one desk, interleaved", () => {
  const [wide, narrow] = [new Connection(), new Connection()];
  wide.receive(hello("wide").subarray(0, 20));
  narrow.receive(hello("narrow"));
  wide.receive(hello("wide").subarray(20));
  narrow.receive(get("narrow"));
  wide.receive(get("wide"));
  assertEquals(sentBy(wide, "wide"), ["0x5"]);
  assertEquals(sentBy(narrow, "narrow"), ["0x1", "0x3"]);
});

Deno.test("ServerMachine: an unknown key learns it on Get in wide, on Hello in narrow", () => {
  const wide = new Connection().receive(hello("wide", stranger));
  assertEquals(wide.sent, []);
  wide.receive(get("wide"));
  assertEquals(readFrames(wide.stream), [{ type: 0xaa, body: stranger }]);
  assertEquals(wide.eventTypes, ["unknown-key", "half-close"]);
  const narrow = new Connection().receive(hello("narrow", stranger), get("narrow"));
  assertEquals(readFrames(narrow.stream, "narrow"), [{ type: 0xaa, body: stranger }]);
  assertEquals(narrow.eventTypes, ["unknown-key", "half-close"]);
});

Deno.test("ServerMachine: bodies just long enough, and one byte too long", async (t) => {
  for (const framing of FRAMINGS) {
    const cases: [string, () => Connection, string[]][] = [
      [
        "Get of 4096",
        () => new Connection().receive(hello(framing), get(framing, new Uint8Array(4096))),
        ["0x5"],
      ],
      [
        "Get of 4097",
        () => new Connection().receive(hello(framing), get(framing, new Uint8Array(4097))),
        [
          "message too long",
        ],
      ],
      [
        "Bye of 64",
        () =>
          new Connection().receive(hello(framing), encodeFrame(framing, 0x99, new Uint8Array(64))),
        [],
      ],
      [
        "Bye of 65",
        () =>
          new Connection().receive(hello(framing), encodeFrame(framing, 0x99, new Uint8Array(65))),
        [
          "message too long",
        ],
      ],
      [
        "Bye of 65 as the first frame",
        () => new Connection().receive(encodeFrame(framing, 0x99, new Uint8Array(65))),
        [
          "message too long",
        ],
      ],
    ];
    for (const [name, run, expected] of cases) {
      await t.step(`${framing} ${name}`, () => {
        const sent = sentBy(run(), framing).filter((frame) => frame !== "0x1");
        assertEquals(
          sent,
          expected.map((frame) => framing === "narrow" && frame === "0x5" ? "0x3" : frame),
        );
      });
    }
  }
});

Deno.test("ServerMachine: an empty narrow Hello is read as wide and ends by the deadline", () => {
  const connection = new Connection().receive("000000");
  assertEquals(connection.sent, []);
  assertEquals(sentBy(connection.wait(), "wide"), ["timeout"]);
});

Deno.test("ServerMachine: with fewer than three bytes the deadline closes without a frame", () => {
  for (const bytes of ["", "00", "0020"]) {
    const connection = new Connection().receive(bytes).wait();
    assertEquals(connection.sent, []);
    assertEquals(connection.eventTypes, ["refused"]);
    assertEquals(connection.done, true);
  }
});

Deno.test("ServerMachine: the deadline runs from the connection, however bytes trickle in", () => {
  const connection = new Connection();
  for (const byte of hello("wide")) {
    connection.now += 200;
    connection.receive(Uint8Array.of(byte));
  }
  assertEquals(connection.machine.wakeAt, START + 10_000);
  connection.now = START + 9_999;
  assertEquals(connection.add(connection.machine.tick(connection.now)).sent, []);
  assertEquals(sentBy(connection.wait(), "wide"), ["timeout"]);
});

Deno.test("ServerMachine: after a reply the deadline follows the progress of writing", () => {
  const connection = new Connection({ timeoutMs: 2_000 }).receive(hello("wide"));
  connection.now += 1_000;
  connection.receive(get("wide"));
  assertEquals(connection.machine.wakeAt, START + 3_000);
  connection.now += 1_500;
  connection.machine.progress(connection.now);
  assertEquals(connection.machine.wakeAt, START + 4_500);
  connection.receive(get("wide"));
  assertEquals(connection.machine.wakeAt, START + 4_500, "reading is no progress");
  connection.wait();
  assertEquals(connection.eventTypes, ["served", "stalled"]);
  assertEquals(connection.done, true);
});

Deno.test("ServerMachine: progress of writing means nothing before the reply", () => {
  const connection = new Connection().receive(hello("narrow"));
  connection.now += 5_000;
  connection.machine.progress(connection.now);
  assertEquals(connection.machine.wakeAt, START + 10_000);
});

Deno.test("ServerMachine: after the reply everything but Bye is ignored, however long", () => {
  const connection = new Connection().receive(hello("wide"), get("wide"));
  connection.receive(encodeFrame("wide", 0x42, new Uint8Array(5000)), hello("wide"));
  connection.receive("00000000ffffffff02", new Uint8Array(100_000));
  assertEquals(sentBy(connection, "wide"), ["0x5"]);
  assertEquals(connection.done, false);
  const other = new Connection().receive(hello("wide"), get("wide"), get("wide"), hello("wide"));
  assertEquals(other.receive(encodeFrame("wide", 0x99)).done, true);
  assertEquals(other.eventTypes, ["served"]);
});

Deno.test("ServerMachine: after an Error the rest is read away for a second", () => {
  const connection = new Connection().receive("000000000000000042");
  assertEquals(connection.eventTypes, ["refused", "half-close"]);
  assertEquals(connection.done, false);
  assertEquals(connection.machine.wakeAt, START + 1_000);
  connection.receive(get("wide"), new Uint8Array(1000));
  assertEquals(sentBy(connection, "wide"), ["unexpected message"]);
  assertEquals(connection.done, false);
  assertEquals(connection.wait().done, true);
});

Deno.test("ServerMachine: after an Error no more than a bounded amount is read away", () => {
  const connection = new Connection().receive("000000000000000042");
  connection.receive(new Uint8Array(256 * 1024));
  assertEquals(connection.done, false);
  connection.receive(Uint8Array.of(0));
  assertEquals(connection.done, true);
});

Deno.test("ServerMachine: with one framing only, the other is an error in the served one", () => {
  const wide = new Connection({ framings: ["wide"] }).receive(hello("narrow"));
  assertEquals(sentBy(wide, "wide"), ["unexpected message"]);
  const narrow = new Connection({ framings: ["narrow"] }).receive(hello("wide"));
  assertEquals(sentBy(narrow, "narrow"), ["bad key"]);
});

Deno.test("ServerMachine: a refusal is one text for the peer and another for the log", () => {
  const connection = new Connection().receive(encodeFrame("wide", 0x42, utf8("canary")));
  const [event] = connection.events;
  assert(event?.type === "refused");
  assertEquals(event.reason, "unexpected message");
  assertEquals(
    event.fault.message,
    "Cannot serve: unexpected message: frame of type 0x42 with 6 bytes",
  );
});

Deno.test("ServerMachine: a desk's refusal is sent as it is", () => {
  const refusing = (answer: Answer): Desk => ({ knows: () => true, answer: () => answer });
  for (const reason of ["authentication required", "bad request"] as const) {
    const connection = new Connection({}, refusing({ type: "refuse", reason }));
    connection.receive(hello("wide"), get("wide"));
    assertEquals(sentBy(connection, "wide"), [reason]);
    assertEquals(connection.eventTypes, ["refused", "half-close"]);
  }
});

Deno.test("ServerMachine: the desk gets the key, the framing and the body as they were sent", () => {
  const asked: unknown[] = [];
  const curious: Desk = {
    knows: () => true,
    answer: (request) => {
      asked.push({ ...request, body: request.body.slice() });
      return { type: "unknown-key" };
    },
  };
  for (const framing of FRAMINGS) {
    const chunk = Uint8Array.of(...hello(framing), ...get(framing, utf8("body")));
    const connection = new Connection({}, curious);
    connection.receive(chunk);
    chunk.fill(0);
    assertEquals(asked.pop(), { publicKey: web, framing, body: utf8("body") });
    const [event] = connection.events;
    assert(event?.type === "unknown-key");
    assertEquals(event.publicKey, web, "kept as a copy");
  }
});
