// A traced connection, read again: every way to talk, keys and secrets never shown.

import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import type { TraceRecord } from "../../../../lib/triba/core/mod.ts";
import {
  encodeTraceRecord,
  encodeTraceStart,
  formatTraceJson,
  formatTraceText,
  TraceDecoder,
  type TraceEvent,
  TraceViewer,
} from "../../../../lib/triba/trace/mod.ts";
import { allWays, converse, DirectWire, nameOf, Pair, random, type Way } from "./support.ts";

/** What a core would record of a conversation. */
function record(way: Way, chunk?: number): { records: TraceRecord[]; secrets: string[] } {
  const { byteOrder, form, handshake, sealed } = way;
  const spawnSecret = sealed ? random(32) : undefined;
  const records: TraceRecord[] = [];
  const secrets: string[] = spawnSecret === undefined ? [] : [encodeHex(spawnSecret)];
  const at = 1_700_000_000_000;
  const place = { connection: 3, at };
  records.push({ type: "accepted", ...place }, {
    type: "admitted",
    ...place,
    backend: "chat",
    pid: 42,
    byteOrder,
    spawnSecret,
  });
  const wire = new DirectWire((from, bytes) => {
    records.push({ type: "bytes", from, bytes: bytes.slice(), ...place });
  });
  const pair = new Pair(
    wire,
    { byteOrder, form, handshake, spawnSecret },
    { byteOrder, form, features: ["edit"], spawnSecret },
    (key) => {
      secrets.push(encodeHex(key));
      records.push({ type: "key", packetKey: key.slice(), ...place });
    },
  );
  converse(pair, chunk);
  records.push({ type: "ended", reason: undefined, ...place });
  return { records, secrets };
}

function view(records: readonly TraceRecord[]): TraceEvent[] {
  const viewer = new TraceViewer();
  return records.flatMap((record) => viewer.push(record));
}

Deno.test("TraceViewer: shows every packet of every way, and no key", async (t) => {
  for (const way of allWays()) {
    await t.step(nameOf(way), () => {
      const { records, secrets } = record(way);
      const decoder = new TraceDecoder();
      decoder.push(encodeTraceStart());
      const events: TraceEvent[] = [];
      const viewer = new TraceViewer();
      for (const record of records) {
        decoder.push(encodeTraceRecord(record));
        const entry = decoder.next();
        assert(entry !== undefined);
        assertEquals(entry.record, record);
        events.push(...viewer.push(entry.record));
      }
      decoder.end();
      const texts = events.flatMap((
        event,
      ) => [formatTraceText(event, 0), formatTraceJson(event, 0)]);
      const names = events.flatMap((event) =>
        event.type === "packet" && event.from === "core" && event.view.kind === "request"
          ? [event.view.body.type]
          : []
      );
      const versioned = way.handshake === "versioned";
      assertEquals(names, [
        ...(versioned ? ["ApiVersion"] : []),
        "HandshakeSuccess",
        "ListRooms",
        "Login",
        "SendMessage",
        ...(versioned ? ["Shutdown"] : []),
      ]);
      assert(events.every((event) => event.type === "note" || event.view.wrong === undefined));
      for (const secret of [...secrets, "s3cret", "qr-text"]) {
        assert(!texts.some((text) => text.includes(secret)), "a secret is shown");
      }
      assert(texts.some((text) => text.includes('"secret":"***"')));
      assertEquals(texts.some((text) => text.includes("keys of sealed-1")), way.sealed);
    });
  }
});

Deno.test("TraceViewer: shows what it cannot decrypt once, and goes on with the other side", () => {
  const way = { byteOrder: "big", form: "compact", handshake: "versioned", sealed: true } as const;
  const { records } = record(way);
  const wrong = records.map((record) =>
    record.type === "admitted" ? { ...record, spawnSecret: random(32) } : record
  );
  const notes = view(wrong).flatMap((event) =>
    event.type === "note" && event.text.startsWith("Cannot") ? [event.from] : []
  );
  assertEquals(notes.sort(), ["backend", "core"]);
});

Deno.test("TraceViewer: without the key of the connection it shows the handshake and the end", () => {
  const way = { byteOrder: "big", form: "compact", handshake: "plain", sealed: false } as const;
  const { records } = record(way);
  const events = view(records.filter(({ type }) => type !== "key"));
  assertEquals(
    events.map((event) => event.type === "note" ? event.text.replace(/id .*/, "id") : ""),
    [
      "connection 3",
      'backend "chat", process 42',
      "id",
      "public key",
      "public key",
      "nonce",
      "ended as agreed",
    ],
  );
});

Deno.test("formatTraceText: nothing in a trace steers a terminal", () => {
  const place = { connection: 1, at: 0 };
  const nasty = "\x1b[31m\nforged";
  const records: TraceRecord[] = [
    { type: "accepted", ...place },
    {
      type: "admitted",
      ...place,
      backend: nasty,
      pid: undefined,
      byteOrder: "big",
      spawnSecret: undefined,
    },
    { type: "ended", ...place, reason: nasty },
  ];
  const body = { type: nasty, room: nasty };
  const packet = { kind: "request", id: 1, req: undefined, form: "compact", body } as const;
  const events: TraceEvent[] = [
    ...view(records),
    { type: "packet", from: "core", view: { ...packet, wrong: nasty } },
  ];
  for (const event of events) {
    for (const line of [formatTraceText(event, 0), formatTraceJson(event, 0)]) {
      assert(!/\p{Cc}/u.test(line), line);
    }
  }
});
