import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  type ClientEvent,
  ClientMachine,
  type ClientMachineOptions,
  CofferFault,
  compute,
  encodeFrame,
  type Framing,
  nameVariables,
  openReply,
  toEnvironment,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import { cuts } from "../../support/chunks.ts";
import {
  keyPair,
  type Proposed,
  readFrames,
  readVectors,
  Run,
  utf8,
} from "../../support/coffer.ts";

const START = 7_000;
const web = keyPair("web").publicKey;

/** A connection of a client. */
class Connection extends Run<ClientEvent, ClientMachine> {
  constructor(options: Partial<ClientMachineOptions> = {}) {
    const defaults = { framing: "wide", detect: true, publicKey: web } as const;
    super(new ClientMachine({ ...defaults, ...options }), START);
  }

  get fault(): CofferFault | undefined {
    const event = this.events.find((event) => event.type === "fault");
    return event?.type === "fault" ? event.fault : undefined;
  }

  /** Types of the frames that were sent. */
  types(framing: Framing = "wide"): string[] {
    return readFrames(this.stream, framing).map(({ type }) =>
      `0x${type.toString(16).padStart(2, "0")}`
    );
  }
}

interface ClientCase {
  readonly id: string;
  readonly replyHex: string;
  readonly commandRan: boolean;
  readonly secretsInEnvironment: readonly string[];
  readonly ours: { readonly outcome: "accept" | "refuse" };
}

const { cases } = readVectors<{ readonly cases: readonly ClientCase[] }>("client-behaviour.json");

/** What a whole attempt comes to: the sealed reply, or the fault. */
function fetch(reply: readonly Uint8Array[], framing: Framing = "wide"): Connection {
  const connection = new Connection({ framing, detect: framing === "wide" });
  connection.receive(...reply).end();
  assertEquals(connection.done, true);
  assertEquals(connection.machine.wakeAt, undefined);
  if (connection.eventTypes[0] === "other-framing") return fetch(reply, "narrow");
  return connection;
}

/** The environment that a reply leads to, or the fault. */
function environmentOf(connection: Connection, trim: boolean): Map<string, string> | CofferFault {
  const [event] = connection.events;
  if (event?.type !== "reply") {
    assert(connection.fault !== undefined);
    return connection.fault;
  }
  try {
    const opening = openReply(event.sealed, { client: keyPair("web") });
    const { secrets, authenticated } = compute(opening, x25519Node);
    assertEquals(authenticated, false);
    // The original exports Strings, and the dates that travel as tagged Strings among them.
    const exported = trim ? ["String", "Date"] : ["String", "Integer", "Float", "Boolean", "Date"];
    const strings = new Map([...secrets].filter(([, { type }]) => exported.includes(type)));
    return toEnvironment(nameVariables(strings, { trim }), authenticated);
  } catch (error) {
    assert(error instanceof CofferFault);
    return error;
  }
}

Deno.test("ClientMachine: every recorded reply, however it is cut", async (t) => {
  assertEquals(cases.length, 66);
  for (const vector of cases) {
    await t.step(vector.id, () => {
      for (const { name, chunks } of cuts(decodeHex(vector.replyHex))) {
        const connection = fetch(chunks);
        const environment = environmentOf(connection, true);
        if (vector.ours.outcome === "refuse") {
          assert(environment instanceof CofferFault, name);
          assert(environmentOf(connection, false) instanceof CofferFault, name);
        } else {
          assert(environment instanceof Map, name);
          assertEquals(connection.types(), ["0x00", "0x02", "0x99"], name);
          if (!vector.commandRan) continue;
          const pairs = [...environment].map(([key, value]) => `${key}=${value}`);
          assertEquals(pairs.toSorted(), vector.secretsInEnvironment.toSorted(), name);
        }
      }
    });
  }
});

const CODES: Record<string, string> = {
  "ok-type-42": "bad-message",
  "keynotfound": "unknown-key",
  "keynotfound-empty": "unknown-key",
  "error": "refused",
  "close": "closed",
  "truncated-header": "closed",
  "truncated-body": "closed",
  "garbage-ff": "closed", // a narrow Error of 65,535 bytes that breaks off
  "length-1t": "bad-message",
  "design-framing": "bad-message",
  "tampered": "bad-seal",
  "authenticated-box": "bad-seal",
  "not-cbor": "bad-reply",
  "key-equals": "bad-variable",
  "value-nul": "bad-variable",
};

Deno.test("ClientMachine: the kind of fault says whose it is", async (t) => {
  for (const [id, code] of Object.entries(CODES)) {
    await t.step(id, () => {
      const vector = cases.find((vector) => vector.id === id);
      assert(vector !== undefined);
      const outcome = environmentOf(fetch([decodeHex(vector.replyHex)]), false);
      assert(outcome instanceof CofferFault);
      assertEquals(outcome.code, code);
    });
  }
});

Deno.test("ClientMachine: wide sends Hello and Get in one write, then Bye", () => {
  const { wideSession } = readVectors<Proposed>("proposed.json");
  const connection = new Connection({ publicKey: keyPair("fixed").publicKey });
  assertEquals(connection.sent.map(encodeHex), [wideSession.helloHex + wideSession.getHex]);
  connection.receive(wideSession.okGetHex);
  assertEquals(connection.sent.slice(1).map(encodeHex), [wideSession.byeHex]);
  assertEquals(connection.eventTypes, ["reply", "half-close"]);
  assertEquals(connection.done, false, "the server's end is awaited");
  assertEquals(connection.end().done, true);
});

Deno.test("ClientMachine: narrow goes step by step", () => {
  const { narrowSession } = readVectors<Proposed>("proposed.json");
  const connection = new Connection({ framing: "narrow", publicKey: keyPair("fixed").publicKey });
  assertEquals(connection.sent.map(encodeHex), [narrowSession.helloHex]);
  connection.receive(narrowSession.linkHex);
  assertEquals(connection.sent.slice(1).map(encodeHex), [narrowSession.getHex]);
  connection.receive(narrowSession.okGetHex);
  assertEquals(connection.sent.slice(2).map(encodeHex), [narrowSession.byeHex]);
  const [event] = connection.events;
  assert(event?.type === "reply");
  const opening = openReply(event.sealed, { client: keyPair("fixed") });
  const { secrets } = compute(opening, x25519Node);
  assertEquals(secrets.get("SINCE"), { type: "Date", value: "2020-01-19T13:55:46Z" });
});

Deno.test("ClientMachine: a narrow Link and reply in one segment, and cut anywhere", () => {
  const { narrowSession } = readVectors<Proposed>("proposed.json");
  const stream = decodeHex(narrowSession.linkHex + narrowSession.okGetHex);
  for (const { name, chunks } of cuts(stream)) {
    const connection = new Connection({ framing: "narrow" }).receive(...chunks);
    assertEquals(connection.types("narrow"), ["0x00", "0x02", "0x99"], name);
    assertEquals(connection.eventTypes, ["reply", "half-close"], name);
  }
});

Deno.test("ClientMachine: narrow takes no reply that it has not asked for", () => {
  const connection = new Connection({ framing: "narrow" }).receive(encodeFrame("narrow", 0x03));
  assertEquals(connection.fault?.code, "bad-message");
});

Deno.test("ClientMachine: a second Link is refused", () => {
  const wide = new Connection().receive(encodeFrame("wide", 0x01), encodeFrame("wide", 0x01));
  assertEquals(wide.fault?.code, "bad-message");
  const narrow = new Connection({ framing: "narrow" });
  narrow.receive(encodeFrame("narrow", 0x01), encodeFrame("narrow", 0x01));
  assertEquals(narrow.fault?.code, "bad-message");
});

Deno.test("ClientMachine: an answer in the other framing is an event only when asked for", () => {
  const answer = encodeFrame("narrow", 0xff, utf8("bad key"));
  const auto = new Connection().receive(answer);
  assertEquals(auto.eventTypes, ["other-framing", "half-close"]);
  assertEquals(auto.types(), ["0x00", "0x02", "0x99"], "Bye all the same");
  const wide = new Connection({ detect: false }).receive(answer);
  assertEquals(wide.fault?.code, "bad-frame");
  assert(wide.fault?.message.includes("--protocol narrow"));
  const early = new Connection().receive(answer.subarray(0, 3));
  assertEquals(early.eventTypes, ["other-framing", "half-close"], "three bytes are enough");
});

Deno.test("ClientMachine: silence and a close without a byte name --protocol narrow", () => {
  const closed = new Connection().end();
  assertEquals(closed.fault?.code, "closed");
  assert(closed.fault?.message.includes("--protocol narrow"));
  assertEquals(closed.types(), ["0x00", "0x02"]);
  const silent = new Connection({ timeoutMs: 3_000 }).wait();
  assertEquals(silent.now, START + 3_000);
  assertEquals(silent.fault?.code, "timeout");
  assert(silent.fault?.message.includes("--protocol narrow"));
  assertEquals(silent.types(), ["0x00", "0x02", "0x99"]);
  const narrow = new Connection({ framing: "narrow" }).end();
  assert(!narrow.fault?.message.includes("--protocol narrow"));
  const midway = new Connection().receive("00000000").wait();
  assertEquals(midway.fault?.message, "Cannot fetch: no complete answer in time");
});

Deno.test("ClientMachine: the time for an answer is 30 s however the bytes trickle in", () => {
  const connection = new Connection();
  for (const byte of encodeFrame("wide", 0x05, new Uint8Array(20)).subarray(0, 20)) {
    connection.now += 1_000;
    connection.receive(Uint8Array.of(byte));
  }
  assertEquals(connection.machine.wakeAt, START + 30_000);
});

Deno.test("ClientMachine: after any outcome the server's end is awaited for a second", () => {
  for (const type of [0x05, 0xaa, 0xff, 0x42]) {
    const connection = new Connection().receive(encodeFrame("wide", type));
    assertEquals(connection.eventTypes.at(-1), "half-close");
    assertEquals(connection.machine.wakeAt, START + 1_000);
    connection.receive(new Uint8Array(1000));
    assertEquals(connection.done, false);
    assertEquals(connection.wait().done, true);
  }
});

Deno.test("ClientMachine: a server that does not stop sending is left", () => {
  const connection = new Connection().receive(encodeFrame("wide", 0x05));
  connection.receive(new Uint8Array(256 * 1024), Uint8Array.of(0));
  assertEquals(connection.done, true);
});

Deno.test("ClientMachine: what is left early is left with Bye", () => {
  const connection = new Connection();
  connection.add(connection.machine.abandon(START + 1));
  assertEquals(connection.types(), ["0x00", "0x02", "0x99"]);
  assertEquals(connection.eventTypes, ["half-close"]);
  connection.add(connection.machine.abandon(START + 2));
  assertEquals(connection.types().length, 3, "once");
});

Deno.test("ClientMachine: a reply of the limit, and one byte more, judged on the header", () => {
  const allowed = new Connection({ maxReplyBytes: 100 });
  allowed.receive(encodeFrame("wide", 0x05, new Uint8Array(100)));
  assertEquals(allowed.eventTypes, ["reply", "half-close"]);
  const refused = new Connection({ maxReplyBytes: 100 }).receive("000000000000006505");
  assertEquals(refused.fault?.code, "bad-message");
  const normal = new Connection().receive("000000000100000105");
  assertEquals(normal.fault?.code, "bad-message", "16 MiB and a byte");
});

Deno.test("ClientMachine: the text of an Error is shown, never obeyed", () => {
  const text = "\u001b[2Jno such\nshard\u202e";
  const connection = new Connection().receive(encodeFrame("wide", 0xff, utf8(text)));
  assertEquals(
    connection.fault?.message,
    'Cannot fetch: the server refused: "\\x1b[2Jno such\\x0ashard\\u{202e}"',
  );
  const raw = new Connection().receive(encodeFrame("wide", 0xff, Uint8Array.of(0xff, 0x41)));
  assertEquals(raw.fault?.code, "refused");
});

Deno.test("ClientMachine: the request of the authenticated mode goes into Get", () => {
  const connection = new Connection({ request: utf8("request") });
  assertEquals(readFrames(connection.stream)[1], { type: 0x02, body: utf8("request") });
  const narrow = new Connection({ framing: "narrow", request: utf8("request") });
  narrow.receive(encodeFrame("narrow", 0x01));
  assertEquals(readFrames(narrow.stream, "narrow")[1], { type: 0x02, body: utf8("request") });
});

Deno.test("ClientMachine: a ping fetches nothing", async (t) => {
  await t.step("wide: the end of the stream is the answer", () => {
    const connection = new Connection({ purpose: "ping" });
    assertEquals(connection.types(), ["0x00", "0x99"]);
    connection.end();
    assertEquals(connection.eventTypes, ["alive"]);
  });
  await t.step("narrow: Link is the answer", () => {
    const connection = new Connection({ purpose: "ping", framing: "narrow" });
    connection.receive(encodeFrame("narrow", 0x01));
    assertEquals(connection.eventTypes, ["alive", "half-close"]);
    assertEquals(connection.types("narrow"), ["0x00", "0x99"]);
  });
  await t.step("a reply is refused", () => {
    const connection = new Connection({ purpose: "ping" }).receive(encodeFrame("wide", 0x05));
    assertEquals(connection.fault?.code, "bad-message");
    assertEquals(connection.types(), ["0x00", "0x99"], "no second Bye");
  });
  await t.step("silence is a fault", () => {
    assertEquals(new Connection({ purpose: "ping" }).wait().fault?.code, "timeout");
  });
});

Deno.test("ClientMachine: the reply is a copy", () => {
  const chunk = encodeFrame("wide", 0x05, utf8("sealed"));
  const connection = new Connection();
  connection.receive(chunk);
  chunk.fill(0);
  const [event] = connection.events;
  assert(event?.type === "reply");
  assertEquals(event.sealed, utf8("sealed"));
});
