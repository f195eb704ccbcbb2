import { assert, assertEquals } from "@std/assert";
import {
  type BobFaultCode,
  GuessBudget,
  MAX_ANNOUNCED_ROUNDS,
  MAX_GUESSES_PER_PEER,
  type Packet,
  type ReceiverEvent,
  ReceiverMachine,
} from "../../../lib/bob/mod.ts";
import { encodePublic, type PublicElement } from "../../../lib/spoke/mod.ts";
import { Probe } from "./probe.ts";
import {
  agree,
  announce,
  closed,
  complaint,
  DONE,
  fail,
  failureOf,
  nameOf,
  registered,
} from "./receiver_world.ts";
import {
  bytesOfText,
  identityOf,
  makeHost,
  onlyPacket,
  PASSWORD,
  randomBytes,
  serverFor,
} from "./strangers.ts";

Deno.test("ReceiverMachine counts the senders that wait and those that have another password", () => {
  const world = registered();
  const counts = () => world.probe.takeTold().filter(({ type }) => type === "senders");
  const senders = (waiting: number, failed: number) => ({ type: "senders", waiting, failed });
  fail(world, 2);
  assertEquals(counts(), [senders(1, 0), senders(1, 1)]);
  fail(world, 3);
  assertEquals(counts(), [senders(2, 1), senders(2, 2)]);
  announce(world, 4);
  assertEquals(counts(), [senders(3, 2)]);
  world.probe.feedPackets(failureOf(4));
  assertEquals(counts(), [senders(3, 3)]);
  world.probe.feedPackets(failureOf(4), failureOf(9), closed(9));
  assertEquals(counts(), []);
  world.probe.feedPackets(closed(2), closed(3), closed(4));
  assertEquals(counts(), [senders(0, 0)]);
});

Deno.test("ReceiverMachine finds the one sender with its password among others", () => {
  const world = registered();
  for (const uid of [2, 3]) fail(world, uid);
  agree(world, 4);
  fail(world, 5);
  const told = world.probe.takeTold();
  assertEquals(told.filter(({ type }) => type === "agreed"), [{ type: "agreed", ...nameOf(4) }]);
  assertEquals(told.at(-1), { type: "senders", waiting: 4, failed: 3 });
});

Deno.test("ReceiverMachine ignores the same announcement again, at each stage", () => {
  const world = registered();
  const { probe } = world;
  const { host, reply, pending } = announce(world, 2);
  probe.feedPackets(host.announcement);
  assertEquals(probe.takePackets(), []);
  probe.feedPackets(reply);
  const { validator } = onlyPacket(probe.takePackets(), "client-validator");
  pending.receiveValidator(validator);
  probe.feedPackets(host.announcement, { type: "agreement", uid: 2 }, host.announcement);
  assertEquals(probe.takePackets(), []);
  assertEquals(probe.takeTold().at(-1), { type: "agreed", ...nameOf(2) });
  fail(world, 3);
  const wrong = makeHost(4, "wrong");
  probe.feedPackets(wrong.announcement);
  probe.feedPackets(wrong.answer(onlyPacket(probe.takePackets(), "x-and-client-identity")).reply);
  probe.takePackets();
  probe.feedPackets(wrong.announcement);
  assertEquals(probe.takePackets(), [], "it failed once and would again");
});

Deno.test("ReceiverMachine starts afresh with another public of the same sender", () => {
  const world = registered();
  const old = announce(world, 2, "wrong");
  agree(world, 2);
  assertEquals(world.probe.takeTold(), [{ type: "agreed", ...nameOf(2) }]);
  world.probe.feedPackets(old.reply, { type: "agreement", uid: 2 });
  assertEquals([world.probe.takePackets(), world.probe.takeTold()], [[], []]);
});

Deno.test("ReceiverMachine answers an announcement that it cannot follow with 0d 03", async (t) => {
  const { announcement } = makeHost(2);
  const element: PublicElement = {
    version: 1,
    rounds: 16,
    cipher0: "aes-256-gcm",
    cipher1: "chacha20-poly1305",
    salt: new Uint8Array(16),
  };
  const ofPublic = (changes: Partial<PublicElement>) => {
    return { ...announcement, public: encodePublic({ ...element, ...changes }) };
  };
  const ofIdentity = (text: string) => ({ ...announcement, identity: bytesOfText(text) });
  const refused: Record<string, Packet> = {
    "more rounds than allowed": ofPublic({ rounds: MAX_ANNOUNCED_ROUNDS + 1 }),
    "2^53 - 1 rounds": ofPublic({ rounds: Number.MAX_SAFE_INTEGER }),
    "CCM for the document": ofPublic({ cipher0: "aes-256-ccm" }),
    "ChaCha20 for the document": ofPublic({ cipher0: "chacha20-poly1305" }),
    "unknown algorithm": { ...announcement, public: new Uint8Array(34) },
    "empty identity": ofIdentity(""),
    "identity with a blank": ofIdentity("a b"),
    "identity with an escape": ofIdentity("\x1b[2J"),
    "identity beyond ASCII": ofIdentity("\u00e9"),
    "identity of 100 bytes": ofIdentity("x".repeat(100)),
  };
  for (const [name, packet] of Object.entries(refused)) {
    await t.step(name, () => {
      const { probe } = registered();
      probe.feedPackets(packet);
      assertEquals(probe.takePackets(), [
        { type: "spoke-failure", uid: 2, reason: "invalid-public-packet" },
      ]);
      assertEquals(probe.takeTold(), [{ type: "senders", waiting: 1, failed: 1 }]);
      probe.feedPackets(packet, makeHost(3).announcement);
      onlyPacket(probe.takePackets(), "x-and-client-identity");
    });
  }
  const followed: Record<string, Packet> = {
    "as many rounds as allowed": ofPublic({ rounds: MAX_ANNOUNCED_ROUNDS }),
    "another cipher for the way back": ofPublic({ cipher1: "aes-256-ccm" }),
    "version 2": ofPublic({ version: 2 }),
    "identity of 99 bytes": ofIdentity("~".repeat(99)),
  };
  for (const [name, packet] of Object.entries(followed)) {
    await t.step(name, () => {
      const { probe } = registered();
      probe.feedPackets(packet);
      onlyPacket(probe.takePackets(), "x-and-client-identity");
    });
  }
});

Deno.test("ReceiverMachine takes its bound on rounds as an argument", () => {
  const options = { password: bytesOfText(PASSWORD), guesses: new GuessBudget(1), randomBytes };
  const { announcement } = makeHost(2); // 16 rounds
  for (const [maxRounds, type] of [[15, "spoke-failure"], [16, "x-and-client-identity"]] as const) {
    const probe = new Probe(new ReceiverMachine({ ...options, maxRounds }));
    probe.takePackets();
    probe.feedPackets({ type: "client-identity", uid: 0, identity: identityOf(1) }, announcement);
    onlyPacket(probe.takePackets(), type);
  }
});

Deno.test("ReceiverMachine forgets a sender whose proof is wrong", () => {
  const world = registered();
  const { reply } = announce(world, 2);
  const bad = [
    { ...reply, validator: new Uint8Array(64) },
    { ...announce(world, 3).reply, y: new Uint8Array(32).fill(0xff) },
  ];
  world.probe.feedPackets(...bad);
  assertEquals(world.probe.takePackets(), [
    { type: "spoke-failure", uid: 2, reason: "invalid-client-validator" },
    { type: "spoke-failure", uid: 3, reason: "point-not-in-subgroup" },
  ]);
  world.probe.feedPackets(reply, { type: "agreement", uid: 2 });
  assertEquals(world.probe.takePackets(), [
    complaint("invalid-server", 2),
    complaint("no-handshake", 2),
  ]);
});

Deno.test("ReceiverMachine complains about what comes out of turn", () => {
  const world = registered();
  const { reply } = announce(world, 2);
  world.probe.feedPackets({ ...reply, uid: 7 }, { type: "agreement", uid: 7 }, {
    type: "agreement",
    uid: 2,
  });
  assertEquals(world.probe.takePackets(), [
    complaint("invalid-server", 7),
    complaint("no-handshake", 7),
    complaint("no-handshake", 2),
  ]);
  agree(world, 3);
  world.probe.feedPackets({ type: "agreement", uid: 3 }, { ...reply, uid: 3 });
  assertEquals(world.probe.takePackets(), [], "repeated packets change nothing");
});

Deno.test("bob-relay 10.12: each exchange draws a scalar of its own from the source handed in", () => {
  const lengths: number[] = [];
  const source = (length: number) => {
    lengths.push(length);
    return new Uint8Array(length).fill(8 * lengths.length);
  };
  const options = { password: bytesOfText(PASSWORD), guesses: new GuessBudget(1) };
  const probe = new Probe(new ReceiverMachine({ ...options, randomBytes: source }));
  const { announcement } = makeHost(2);
  probe.takePackets();
  probe.feedPackets({ type: "client-identity", uid: 0, identity: identityOf(1) });
  probe.feedPackets(announcement, { ...announcement, server: 3 });
  const points = probe.takePackets().map((packet) => "x" in packet ? `${packet.x}` : packet.type);
  assertEquals([lengths, new Set(points).size], [[32, 32], 2]);
});

Deno.test("bob-relay 10.14: the receiver does not send the relay a complaint that it cannot read", () => {
  const world = registered();
  world.probe.feedPackets(DONE);
  agree(world, 2);
  world.probe.feedPackets(DONE);
  assertEquals(world.probe.takePackets(), []);
  assertEquals(world.probe.done, false);
});

Deno.test("ReceiverMachine drops an announcement before its own identity, or of the relay's number", () => {
  const { probe } = registered(100, { known: false });
  probe.feedPackets(makeHost(2).announcement);
  probe.feedPackets({ type: "client-identity", uid: 0, identity: identityOf(1) });
  probe.feedPackets({ ...makeHost(3).announcement, server: 0 });
  assertEquals(probe.takePackets(), []);
  assertEquals(probe.takeTold(), [{ type: "registered", identity: "10.0.0.1:40001" }]);
});

Deno.test("ReceiverMachine drops what is meant for the other role", () => {
  const world = registered();
  world.probe.feedPackets(
    { type: "server-identity", uid: 0, identity: identityOf(9) },
    { type: "x-and-client-identity", uid: 2, x: new Uint8Array(32), identity: identityOf(2) },
    { type: "client-validator", uid: 2, validator: new Uint8Array(64) },
    { type: "accepted", uid: 2 },
    { type: "refused", uid: 2 },
    { type: "hello-as-a-client", uid: 0 },
    { type: "hello-as-a-server", uid: 0, public: serverFor().publicValue },
    complaint("no-handshake", 2),
  );
  assertEquals([world.probe.takePackets(), world.probe.takeTold()], [[], []]);
  agree(world, 2);
});

Deno.test("ReceiverMachine believes only the relay what the relay says", () => {
  const world = registered();
  agree(world, 3);
  world.probe.apply(world.machine.accept(3, world.probe.now));
  world.probe.takePackets();
  world.probe.takeTold();
  world.probe.feedPackets(
    { type: "timeout", uid: 2 },
    { type: "closed", uid: 2, peer: 0 },
    { type: "closed", uid: 2, peer: 3 },
    { type: "done", uid: 2 },
    { type: "client-identity", uid: 2, identity: identityOf(9) },
    { ...makeHost(4).announcement, uid: 2 },
  );
  assertEquals([world.probe.takePackets(), world.probe.takeTold()], [[], []]);
});

Deno.test("ReceiverMachine ends when the relay does", async (t) => {
  const cases: [string, (probe: Probe<ReceiverEvent>) => void, Record<string, unknown>][] = [
    ["0f", (p) => p.feedPackets({ type: "timeout", uid: 0 }), { type: "relay-timeout" }],
    ["09 0000", (p) => p.feedPackets(closed(0)), { type: "relay-timeout" }],
    ["end of stream", (p) => p.end(), { type: "lost" }],
  ];
  for (const [name, act, event] of cases) {
    await t.step(name, () => {
      const world = registered();
      agree(world, 2);
      world.probe.takeTold();
      act(world.probe);
      assertEquals(world.probe.takeTold(), [event]);
      assert(world.probe.done);
      world.probe.apply(world.machine.accept(2, world.probe.now));
      assertEquals(world.probe.takePackets(), []);
    });
  }
});

Deno.test("ReceiverMachine gives up on what is no packet, after what came before it", async (t) => {
  const malformed: [string, BobFaultCode][] = [
    ["zzzz00", "invalid-header"],
    ["0000ff", "invalid-packet"],
    ["000009zzzz", "invalid-uid"],
    ["000004zzzz" + "p".repeat(34) + "i\0", "invalid-new-server"],
    ["000003" + "x".repeat(403), "oversized-packet"],
    ["000003\0", "invalid-identity"],
    ["000003" + "x".repeat(100) + "\0", "invalid-identity"],
  ];
  for (const [text, code] of malformed) {
    await t.step(`${code}: ${text.slice(0, 16)}`, () => {
      const stream = bytesOfText("00000310.0.0.1:40001\0" + text);
      for (const chunks of [[stream], Array.from(stream, (byte) => Uint8Array.of(byte))]) {
        const { probe } = registered(100, { known: false });
        probe.feed(...chunks);
        assertEquals(probe.takeTold().slice(1), [{ type: "fault", fault: code }]);
        assert(probe.done);
      }
    });
  }
  const { probe } = registered();
  probe.feed(bytesOfText("0"));
  probe.end();
  assertEquals(probe.takeTold(), [{ type: "fault", fault: "end-of-input" }]);
});

Deno.test("bob-relay 10.15: the receiver stops when too many senders had another password", () => {
  const world = registered(3);
  for (const uid of [2, 3, 4]) fail(world, uid);
  assertEquals(world.probe.done, false);
  const { reply } = announce(world, 5);
  world.probe.takeTold();
  world.probe.feedPackets(reply);
  assertEquals(world.probe.takePackets(), [], "not looked at");
  assertEquals(world.probe.takeTold(), [{ type: "guesses-used-up", spent: 3 }]);
  assert(world.probe.done);
});

Deno.test("bob-relay 10.15: senders that never answer the receiver spend no guess", () => {
  const world = registered(1);
  for (let uid = 2; uid < 12; uid++) announce(world, uid);
  agree(world, 20);
  assertEquals(world.guesses.spent, 0);
  fail(world, 21);
  assertEquals(world.guesses.spent, 1);
});

Deno.test("bob-relay 10.15: a sender that tries eight passwords on one connection is ignored", () => {
  const world = registered(100);
  for (let count = 0; count < MAX_GUESSES_PER_PEER; count++) fail(world, 2);
  world.probe.feedPackets(announce(world, 2).reply);
  assertEquals(world.probe.takePackets(), []);
  assertEquals(world.guesses.spent, MAX_GUESSES_PER_PEER);
  agree(world, 3);
});
