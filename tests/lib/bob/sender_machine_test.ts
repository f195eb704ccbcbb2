import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import {
  type BobFaultCode,
  GuessBudget,
  MAX_GUESSES_PER_PEER,
  type Packet,
  type SenderEvent,
  SenderMachine,
} from "../../../lib/bob/mod.ts";
import { Probe } from "./probe.ts";
import {
  bytesOfText,
  identityOf,
  makeHost,
  makeVisitor,
  onlyPacket,
  serverFor,
} from "./strangers.ts";

const OWN: Packet = { type: "server-identity", uid: 0, identity: identityOf(1) };

/** A sender that has been registered. */
function registered(most = 100, { known = true } = {}) {
  const server = serverFor();
  const guesses = new GuessBudget(most);
  const probe = new Probe<SenderEvent>(new SenderMachine({ server, guesses }));
  assertEquals(probe.takePackets(), [
    { type: "hello-as-a-server", uid: 0, public: server.publicValue },
  ]);
  if (known) {
    probe.feedPackets(OWN);
    assertEquals(probe.takeTold(), [{ type: "registered", identity: "10.0.0.1:40001" }]);
  }
  return { server, guesses, probe };
}

type World = ReturnType<typeof registered>;

/** Takes a receiver through the whole exchange and gives its keys. */
function agree({ server, probe }: World, uid: number) {
  const visitor = makeVisitor(server, uid);
  probe.feedPackets(visitor.knock);
  const answer = visitor.answer(onlyPacket(probe.takePackets(), "y-and-server-validator"));
  probe.feedPackets(answer.proof);
  assertEquals(probe.takePackets(), [{ type: "agreement", uid }]);
  assertEquals(probe.takeTold(), [{ type: "agreed", ...nameOf(uid) }]);
  return answer;
}

/** Leaves a receiver between packets 06 and 05. */
function startExchange({ server, probe }: World, uid: number, password?: string) {
  const visitor = makeVisitor(server, uid, password === undefined ? {} : { password });
  probe.feedPackets(visitor.knock);
  return { visitor, packet: onlyPacket(probe.takePackets(), "y-and-server-validator") };
}

function nameOf(uid: number) {
  return { uid, identity: String.fromCharCode(...identityOf(uid)) };
}

function complaint(reason: "invalid-client" | "no-handshake", peer: number): Packet {
  return { type: "relay-failure", uid: 0, reason, peer };
}

function validatorOf(uid: number): Packet {
  return { type: "client-validator", uid, validator: new Uint8Array(64) };
}

Deno.test("SenderMachine hands over the keys of the receiver that accepts", () => {
  const world = registered();
  const { keys } = agree(world, 2);
  world.probe.feedPackets({ type: "accepted", uid: 2 });
  const [event] = world.probe.takeEvents();
  assert(event?.type === "accepted");
  assertEquals(event.keys, keys);
  assertEquals([event.uid, event.identity], [2, identityOf(2)]);
  assert(world.probe.done);
  assertEquals(world.probe.takePackets(), []);
  world.probe.feedPackets(OWN);
  world.probe.end();
  world.probe.tick();
  assertEquals(world.probe.takeTold(), []);
});

Deno.test("SenderMachine keeps the keys of several receivers apart", () => {
  const world = registered();
  const keys = [2, 3, 4].map((uid) => agree(world, uid).keys);
  world.probe.feedPackets({ type: "accepted", uid: 3 });
  const [event] = world.probe.takeEvents();
  assert(event?.type === "accepted");
  assertEquals(event.keys, keys[1]);
});

Deno.test("SenderMachine tells what became of a receiver", async (t) => {
  const failure: Packet = { type: "spoke-failure", uid: 2, reason: "invalid-client-validator" };
  const closed: Packet = { type: "closed", uid: 0, peer: 2 };
  const refused: Packet = { type: "refused", uid: 2 };
  const cases: [string, "exchanging" | "agreed", Packet, string | undefined][] = [
    ["0d while exchanging", "exchanging", failure, "failed"],
    ["09 while exchanging", "exchanging", closed, undefined],
    ["0b while exchanging", "exchanging", refused, undefined],
    ["0d after agreement", "agreed", failure, "left"],
    ["09 after agreement", "agreed", closed, "left"],
    ["0b after agreement", "agreed", refused, "refused"],
  ];
  for (const [name, stage, packet, type] of cases) {
    await t.step(name, () => {
      const world = registered();
      if (stage === "agreed") agree(world, 2);
      else startExchange(world, 2);
      const before = agree(world, 3);
      world.probe.feedPackets(packet);
      assertEquals(world.probe.takeTold(), type === undefined ? [] : [{ type, ...nameOf(2) }]);
      world.probe.feedPackets({ type: "accepted", uid: 2 }, validatorOf(2), packet);
      assertEquals(world.probe.takePackets(), [
        complaint("no-handshake", 2),
        complaint("invalid-client", 2),
      ]);
      assertEquals(world.probe.takeTold(), []);
      world.probe.feedPackets({ type: "accepted", uid: 3 });
      const [event] = world.probe.takeEvents();
      assert(event?.type === "accepted");
      assertEquals(event.keys, before.keys);
    });
  }
});

Deno.test("SenderMachine complains about what comes out of turn", () => {
  const world = registered();
  world.probe.feedPackets(validatorOf(7), { type: "accepted", uid: 7 });
  assertEquals(world.probe.takePackets(), [
    complaint("invalid-client", 7),
    complaint("no-handshake", 7),
  ]);
  startExchange(world, 2);
  world.probe.feedPackets({ type: "accepted", uid: 2 });
  assertEquals(world.probe.takePackets(), [complaint("no-handshake", 2)]);
  assertEquals(world.probe.done, false);
});

Deno.test("SenderMachine forgets a receiver with a wrong second validator", () => {
  const world = registered();
  startExchange(world, 2);
  world.probe.feedPackets(validatorOf(2));
  assertEquals(world.probe.takePackets(), [
    { type: "spoke-failure", uid: 2, reason: "invalid-server-validator" },
  ]);
  assertEquals(world.probe.takeTold(), [{ type: "failed", ...nameOf(2) }]);
  world.probe.feedPackets(validatorOf(2));
  assertEquals(world.probe.takePackets(), [complaint("invalid-client", 2)]);
});

Deno.test("SenderMachine does not answer a second validator twice", () => {
  const world = registered();
  const { proof, keys } = agree(world, 2);
  world.probe.feedPackets(proof, validatorOf(2));
  assertEquals(world.probe.takePackets(), []);
  world.probe.feedPackets({ type: "accepted", uid: 2 });
  const [event] = world.probe.takeEvents();
  assert(event?.type === "accepted");
  assertEquals(event.keys, keys);
});

Deno.test("SenderMachine lets a later packet 07 replace what there was", () => {
  const world = registered();
  agree(world, 2);
  const { visitor, packet } = startExchange(world, 2);
  assertEquals(world.probe.takeTold(), [{ type: "left", ...nameOf(2) }]);
  world.probe.feedPackets({ type: "accepted", uid: 2 });
  assertEquals(world.probe.takePackets(), [complaint("no-handshake", 2)]);
  world.probe.feedPackets(visitor.answer(packet).proof);
  assertEquals(world.probe.takePackets(), [{ type: "agreement", uid: 2 }]);
});

Deno.test("SenderMachine answers a point outside the subgroup with 0d 00 and forgets its sender", () => {
  const world = registered();
  agree(world, 2);
  const points = [new Uint8Array(32), new Uint8Array(32).fill(0xff)];
  for (const x of points) {
    world.probe.feedPackets({ type: "x-and-client-identity", uid: 2, x, identity: identityOf(2) });
    assertEquals(world.probe.takePackets(), [
      { type: "spoke-failure", uid: 2, reason: "point-not-in-subgroup" },
    ]);
  }
  assertEquals(world.guesses.spent, 0, "no validator went out");
  world.probe.feedPackets({ type: "accepted", uid: 2 });
  assertEquals(world.probe.takePackets(), [complaint("no-handshake", 2)]);
});

Deno.test("SenderMachine drops a packet 07 with an unacceptable identity and forgets its sender", () => {
  const unacceptable = ["", " ", "a b", "a\x7f", "a\u00e9", "\x1b[2J", "a\n", "x".repeat(100)];
  for (const text of unacceptable) {
    const world = registered();
    agree(world, 2);
    const { knock } = makeVisitor(world.server, 2);
    world.probe.feedPackets({ ...knock, identity: bytesOfText(text) });
    assertEquals(world.probe.takePackets(), [], `"${text}"`);
    assertEquals(world.probe.takeTold(), [{ type: "left", ...nameOf(2) }]);
    world.probe.feedPackets({ type: "accepted", uid: 2 });
    assertEquals(world.probe.takePackets(), [complaint("no-handshake", 2)]);
    assertEquals(world.guesses.spent, 0);
  }
  const world = registered();
  const { knock } = makeVisitor(world.server, 2);
  world.probe.feedPackets({ ...knock, identity: bytesOfText("~".repeat(99)) });
  onlyPacket(world.probe.takePackets(), "y-and-server-validator");
});

Deno.test("SenderMachine drops a packet 07 that comes before its own identity, or from the relay", () => {
  const early = registered(100, { known: false });
  early.probe.feedPackets(makeVisitor(early.server, 2).knock);
  const world = registered();
  world.probe.feedPackets({ ...makeVisitor(world.server, 2).knock, uid: 0 });
  assertEquals([...early.probe.takePackets(), ...world.probe.takePackets()], []);
  assertEquals(early.guesses.spent + world.guesses.spent, 0);
});

Deno.test("SenderMachine drops what is meant for the other role", () => {
  const world = registered();
  world.probe.feedPackets(
    makeHost(3).announcement,
    { type: "client-identity", uid: 0, identity: identityOf(1) },
    {
      type: "y-and-server-validator",
      uid: 2,
      y: new Uint8Array(32),
      validator: new Uint8Array(64),
    },
    { type: "agreement", uid: 2 },
    { type: "done", uid: 0 },
    { type: "hello-as-a-client", uid: 0 },
    { type: "hello-as-a-server", uid: 0, public: world.server.publicValue },
    complaint("no-handshake", 2),
  );
  assertEquals(world.probe.takePackets(), []);
  assertEquals(world.probe.takeTold(), []);
  agree(world, 2);
});

Deno.test("SenderMachine believes only the relay what the relay says", () => {
  const world = registered();
  agree(world, 3);
  world.probe.feedPackets(
    { type: "timeout", uid: 2 },
    { type: "closed", uid: 2, peer: 0 },
    { type: "closed", uid: 2, peer: 3 },
    { type: "server-identity", uid: 2, identity: identityOf(9) },
  );
  assertEquals(world.probe.takeTold(), []);
  agree(world, 4); // with the identity that the relay gave
});

Deno.test("SenderMachine ends when the relay does", async (t) => {
  const cases: [string, (probe: Probe<SenderEvent>) => void, Record<string, unknown>][] = [
    ["0f", (p) => p.feedPackets({ type: "timeout", uid: 0 }), { type: "relay-timeout" }],
    ["09 0000", (p) => p.feedPackets({ type: "closed", uid: 0, peer: 0 }), {
      type: "relay-timeout",
    }],
    ["end of stream", (p) => p.end(), { type: "lost" }],
  ];
  for (const [name, act, event] of cases) {
    await t.step(name, () => {
      const { probe } = registered();
      act(probe);
      assertEquals(probe.takeTold(), [event]);
      assert(probe.done);
    });
  }
});

const MALFORMED: [string, BobFaultCode][] = [
  ["zzzz00", "invalid-header"],
  ["0000zz", "invalid-header"],
  ["000010", "invalid-packet"],
  ["00010d\x05", "invalid-packet"],
  ["00000cX0001", "invalid-packet"],
  ["000009zzzz", "invalid-uid"],
  ["000004zzzz" + "p".repeat(34) + "i\0", "invalid-new-server"],
  ["000002" + "x".repeat(403), "oversized-packet"],
  ["000002\0", "invalid-identity"],
  ["000002a b\0", "invalid-identity"],
  ["000002" + "x".repeat(100) + "\0", "invalid-identity"],
];

Deno.test("SenderMachine gives up on what is no packet, after what came before it", async (t) => {
  for (const [text, code] of MALFORMED) {
    await t.step(`${code}: ${text.slice(0, 16)}`, () => {
      for (const together of [true, false]) {
        const { probe } = registered(100, { known: false });
        const own = bytesOfText("00000210.0.0.1:40001\0");
        const stream = new Uint8Array([...own, ...bytesOfText(text)]);
        probe.feed(...(together ? [stream] : Array.from(stream, (byte) => Uint8Array.of(byte))));
        const told = probe.takeTold();
        assertEquals(told.map(({ type }) => type), ["registered", "fault"]);
        assertEquals(told[1], { type: "fault", fault: code });
        assert(probe.done);
      }
    });
  }
});

Deno.test("SenderMachine reports an end of the stream inside a packet", () => {
  const { probe } = registered();
  probe.feed(bytesOfText("00020"));
  probe.end();
  assertEquals(probe.takeTold(), [{ type: "fault", fault: "end-of-input" }]);
});

Deno.test("bob-relay 10.15: the sender stops when too many guesses were not given back", () => {
  const world = registered(20);
  for (let uid = 2; uid < 22; uid++) startExchange(world, uid, "wrong"); // and they stay silent
  assertEquals(world.guesses.left, 0);
  assertEquals(world.probe.done, false);
  world.probe.feedPackets(makeVisitor(world.server, 30).knock);
  assertEquals(world.probe.takePackets(), [], "no validator for a guess that is not there");
  assertEquals(world.probe.takeTold(), [{ type: "guesses-used-up", spent: 20 }]);
  assert(world.probe.done);
});

Deno.test("bob-relay 10.15: a failure that is admitted costs the guess all the same", () => {
  const world = registered(3);
  for (const uid of [2, 3, 4]) {
    startExchange(world, uid, "wrong");
    world.probe.feedPackets({ type: "spoke-failure", uid, reason: "invalid-client-validator" });
  }
  world.probe.takeTold();
  world.probe.feedPackets(makeVisitor(world.server, 5).knock);
  assertEquals(world.probe.takeTold(), [{ type: "guesses-used-up", spent: 3 }]);
});

Deno.test("bob-relay 10.15: the guess of a receiver with the password is given back", () => {
  const world = registered(1);
  for (let uid = 2; uid < 12; uid++) {
    agree(world, uid);
    assertEquals(world.guesses.spent, 0);
  }
});

Deno.test("bob-relay 10.15: used-up guesses do not stop a receiver whose user is being asked", () => {
  const world = registered(2);
  const { keys } = agree(world, 2);
  startExchange(world, 3, "wrong");
  startExchange(world, 4, "wrong");
  world.probe.feedPackets(makeVisitor(world.server, 5).knock);
  assertEquals([world.probe.takePackets(), world.probe.takeTold()], [[], []]);
  world.probe.feedPackets({ type: "accepted", uid: 2 });
  const [event] = world.probe.takeEvents();
  assert(event?.type === "accepted");
  assertEquals(encodeHex(event.keys.clientKey), encodeHex(keys.clientKey));
});

Deno.test("bob-relay 10.15: a receiver that spends eight guesses on one connection is ignored", () => {
  const world = registered(100);
  for (let count = 0; count < MAX_GUESSES_PER_PEER; count++) startExchange(world, 2, "wrong");
  world.probe.feedPackets(makeVisitor(world.server, 2).knock);
  assertEquals(world.probe.takePackets(), []);
  assertEquals(world.guesses.spent, MAX_GUESSES_PER_PEER);
  agree(world, 3);
  world.probe.feedPackets({ type: "closed", uid: 0, peer: 2 });
  agree(world, 2); // whoever has this number now
  assertEquals(world.guesses.spent, MAX_GUESSES_PER_PEER);
});

Deno.test("bob-relay 10.15: a receiver is ignored too when its points only waste our time", () => {
  const world = registered(100);
  const knock = { ...makeVisitor(world.server, 2).knock, x: new Uint8Array(32) };
  for (let count = 0; count < 12; count++) world.probe.feedPackets(knock);
  assertEquals(world.probe.takePackets().length, MAX_GUESSES_PER_PEER);
  assertEquals(world.guesses.spent, 0);
});

Deno.test("bob-relay 10.15: guesses count over connections", () => {
  const first = registered(3);
  startExchange(first, 2, "wrong");
  startExchange(first, 3, "wrong");
  first.probe.end();
  const { server, guesses } = first;
  const probe = new Probe<SenderEvent>(new SenderMachine({ server, guesses }));
  probe.feedPackets(OWN);
  probe.takePackets();
  const second = { server, guesses, probe };
  startExchange(second, 2, "wrong");
  probe.takeTold();
  probe.feedPackets(makeVisitor(server, 3).knock);
  assertEquals(probe.takeTold(), [{ type: "guesses-used-up", spent: 3 }]);
});
