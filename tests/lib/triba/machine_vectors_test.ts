import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import type { AnyRequest, Response, SessionEvent } from "../../../lib/triba/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { type AnyMachine, INPUTS, makeBackend, makeCore, play, vectors } from "./support.ts";

interface Run {
  name: string;
  receivers: string[];
  byte_order: "big" | "little";
  form: "compact" | "tagged";
  expect: string;
  cbs_to_core: string;
  core_to_cbs: string;
}

const PLAIN = vectors<Run>("handshake-plain");
const VERSIONED = vectors<Run>("handshake-versioned");
const SEALED = vectors<Run>("sealed-1");
const SESSION = vectors<Run>("session");
const SUCCESS: Response = { type: "Success" };

const PING_FRAME_BYTES = 27;

/** Bytes of a frame with the response `Success`. */
function lastFrameBytes(form: Run["form"]): number {
  return form === "compact" ? 31 : 41;
}

/**
 * Cuts of a stream whose last bytes answer what the receiver did after the others, so that both
 * parts cannot arrive as one.
 */
function* cutsInTwo(hex: string, lastBytes: number): ReturnType<typeof cuts> {
  const stream = decodeHex(hex);
  const [first, last] = [stream.slice(0, -lastBytes), stream.slice(-lastBytes)];
  for (const { name, chunks } of cuts(first)) yield { name, chunks: [...chunks, last] };
  for (const { name, chunks } of cuts(last)) {
    yield { name: `last packet ${name}`, chunks: [first, ...chunks] };
  }
}

/** Feeds a core everything that the vector's backend wrote; returns what it wrote itself. */
function asCore(
  machine: AnyMachine,
  chunks: readonly Uint8Array[],
  onOpen: readonly AnyRequest[] = [],
): string {
  const { sent, fault } = play(machine, chunks, answering(machine, onOpen));
  assertEquals(fault, undefined);
  assertEquals(machine.state, "open");
  return encodeHex(sent);
}

function answering(machine: AnyMachine, onOpen: readonly AnyRequest[]) {
  return (event: SessionEvent<AnyRequest>) => {
    if (event.type === "request") return machine.respond(event.id, SUCCESS);
    if (event.type !== "open") return undefined;
    return onOpen.map((body) => machine.request(body as never, 0));
  };
}

/** The same for a backend, which speaks first. */
function asBackend(
  machine: AnyMachine,
  chunks: readonly Uint8Array[],
  onOpen: readonly AnyRequest[] = [],
): string {
  return encodeHex(concat(machine.start(0).send)) + asCore(machine, chunks, onOpen);
}

Deno.test("handshake-plain.json", async (t) => {
  for (const { name, chunks } of cuts(decodeHex(PLAIN.cbs_to_core))) {
    await t.step(`core: ${name}`, () => {
      assertEquals(asCore(makeCore({ handshake: "plain" }), chunks), PLAIN.core_to_cbs);
    });
  }
  for (const { name, chunks } of cuts(decodeHex(PLAIN.core_to_cbs))) {
    await t.step(`backend: ${name}`, () => {
      assertEquals(asBackend(makeBackend(), chunks), PLAIN.cbs_to_core);
    });
  }
});

Deno.test("handshake-versioned.json", async (t) => {
  for (const { name, chunks } of cuts(decodeHex(VERSIONED.cbs_to_core))) {
    await t.step(`core: ${name}`, () => {
      assertEquals(asCore(makeCore(), chunks), VERSIONED.core_to_cbs);
    });
  }
  for (const { name, chunks } of cuts(decodeHex(VERSIONED.core_to_cbs))) {
    await t.step(`backend: ${name}`, () => {
      assertEquals(asBackend(makeBackend(), chunks), VERSIONED.cbs_to_core);
    });
  }
});

Deno.test("sealed-1.json", async (t) => {
  const settings = { spawnSecret: INPUTS.spawn_secret };
  const ping = [{ type: "Ping" }] as const;
  // The vector ends with a ping of each side; their answers, with id 4, are beyond it.
  for (const { name, chunks } of cutsInTwo(SEALED.cbs_to_core, PING_FRAME_BYTES)) {
    await t.step(`core: ${name}`, () => {
      const sent = asCore(makeCore(settings), chunks, ping);
      assert(sent.startsWith(SEALED.core_to_cbs), sent);
    });
  }
  for (const { name, chunks } of cutsInTwo(SEALED.core_to_cbs, PING_FRAME_BYTES)) {
    await t.step(`backend: ${name}`, () => {
      const sent = asBackend(makeBackend(settings), chunks, ping);
      assert(sent.startsWith(SEALED.cbs_to_core), sent);
    });
  }
});

Deno.test("handshake-more.json", async (t) => {
  const { runs } = vectors<{ runs: Run[] }>("handshake-more");
  for (const run of runs) {
    const settings = { byteOrder: run.byte_order, form: run.form };
    if (run.receivers.includes("core")) {
      for (const { name, chunks } of cuts(decodeHex(run.cbs_to_core))) {
        await t.step(`${run.name}, core: ${name}`, () => {
          const machine = makeCore(settings);
          const { sent, events, fault } = play(machine, chunks, answering(machine, []));
          assertEquals([fault, encodeHex(sent)], [undefined, run.core_to_cbs]);
          const open = events.find((event) => event.type === "open");
          assert(open?.type === "open");
          const { major, minor } = open.agreement;
          assertEquals(`open, API ${major}.${minor}`, run.expect);
        });
      }
    }
    if (run.receivers.includes("cbs")) {
      for (const { name, chunks } of cutsInTwo(run.core_to_cbs, lastFrameBytes(run.form))) {
        await t.step(`${run.name}, backend: ${name}`, () => {
          const online = { type: "Status", status: { type: "Online" } } as const;
          assertEquals(asBackend(makeBackend(settings), chunks, [online]), run.cbs_to_core);
        });
      }
    }
  }
});

Deno.test("session.json: core", async (t) => {
  const calls: AnyRequest[] = [
    { type: "ListRooms" },
    {
      type: "SendMessage",
      room: "!a:example.org",
      txn: "t1",
      content: { type: "Text", text: "hi" },
    },
  ];
  for (const { name, chunks } of cuts(decodeHex(SESSION.cbs_to_core))) {
    await t.step(name, () => {
      const machine = makeCore();
      const handshake = asCore(machine, [decodeHex(VERSIONED.cbs_to_core)], calls);
      const { sent, events } = play(machine, chunks, answering(machine, []));
      const expected = VERSIONED.core_to_cbs + SESSION.core_to_cbs;
      assertEquals(handshake + encodeHex(sent), expected);
      assertEquals(events.filter((event) => event.type !== "log"), [
        { type: "answer", call: 2, response: { type: "Sent", message: "$2" } },
        {
          type: "answer",
          call: 1,
          response: {
            type: "Rooms",
            rooms: [
              { id: "!a:example.org", name: "General", topic: null, unread: 2, direct: false },
            ],
          },
        },
        {
          type: "request",
          id: 5,
          body: {
            type: "Event",
            event: {
              type: "MessageReceived",
              message: {
                id: "$3",
                room: "!a:example.org",
                sender: "@bob:example.org",
                sent_ms: 1700000000000,
                content: { type: "Text", text: "hello" },
              },
            },
          },
        },
      ]);
    });
  }
});

Deno.test("session.json: backend", async (t) => {
  const room = { id: "!a:example.org", name: "General", topic: null, unread: 2, direct: false };
  const message = {
    id: "$3",
    room: "!a:example.org",
    sender: "@bob:example.org",
    sent_ms: 1700000000000,
    content: { type: "Text", text: "hello" },
  } as const;
  for (const { name, chunks } of cutsInTwo(SESSION.core_to_cbs, lastFrameBytes("compact"))) {
    await t.step(name, () => {
      const machine = makeBackend();
      asBackend(machine, [decodeHex(VERSIONED.core_to_cbs)]);
      const { sent, events, fault } = play(machine, chunks, (event) => {
        if (event.type !== "request" || event.body.type !== "SendMessage") return undefined;
        return [
          machine.respond(event.id, { type: "Sent", message: "$2" }),
          machine.respond(event.id - 1, { type: "Rooms", rooms: [room] }),
          machine.request({ type: "Event", event: { type: "MessageReceived", message } }, 0),
        ];
      });
      assertEquals([fault, encodeHex(sent)], [undefined, SESSION.cbs_to_core]);
      assertEquals(events.at(-1), { type: "answer", call: 1, response: SUCCESS });
    });
  }
});
