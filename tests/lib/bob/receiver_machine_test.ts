import { assert, assertEquals } from "@std/assert";
import {
  type BobFaultCode,
  DONE_TIMEOUT_MS,
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
  bytesOfText,
  identityOf,
  makeHost,
  onlyPacket,
  PASSWORD,
  randomBytes,
  serverFor,
} from "./strangers.ts";

const OWN_UID = 1; // only its identity matters

/** A receiver that has been registered. */
function registered(most = 100, { known = true } = {}) {
  const guesses = new GuessBudget(most);
  const machine = new ReceiverMachine({ password: bytesOfText(PASSWORD), guesses, randomBytes });
  const probe = new Probe<ReceiverEvent>(machine);
  assertEquals(probe.takePackets(), [{ type: "hello-as-a-client", uid: 0 }]);
  if (known) {
    probe.feedPackets({ type: "client-identity", uid: 0, identity: identityOf(OWN_UID) });
    assertEquals(probe.takeTold(), [{ type: "registered", identity: "10.0.0.1:40001" }]);
  }
  return { guesses, machine, probe };
}

type World = ReturnType<typeof registered>;

/** Announces a sender up to its packet 06, which is not fed yet. */
function announce({ probe }: World, uid: number, password?: string) {
  const host = makeHost(uid, password);
  probe.feedPackets(host.announcement);
  const { reply, pending } = host.answer(onlyPacket(probe.takePackets(), "x-and-client-identity"));
  return { host, reply, pending };
}

/** The same up to the proof of the password; the sender's keys. */
function prove(world: World, uid: number) {
  const { reply, pending } = announce(world, uid);
  world.probe.feedPackets(reply);
  return pending.receiveValidator(
    onlyPacket(world.probe.takePackets(), "client-validator").validator,
  );
}

/** The same up to the agreement; the events are left. */
function agree(world: World, uid: number) {
  const keys = prove(world, uid);
  world.probe.takeTold();
  world.probe.feedPackets({ type: "agreement", uid });
  assertEquals(world.probe.takePackets(), []);
  return keys;
}

function fail(world: World, uid: number) {
  world.probe.feedPackets(announce(world, uid, "wrong").reply);
  assertEquals(world.probe.takePackets(), [
    { type: "spoke-failure", uid, reason: "invalid-client-validator" },
  ]);
}

function nameOf(uid: number) {
  return { uid, identity: String.fromCharCode(...identityOf(uid)) };
}

function complaint(reason: "invalid-server" | "no-handshake", peer: number): Packet {
  return { type: "relay-failure", uid: 0, reason, peer };
}

const failureOf = (uid: number): Packet => {
  return { type: "spoke-failure", uid, reason: "invalid-server-validator" };
};
const closed = (peer: number): Packet => ({ type: "closed", uid: 0, peer });
const DONE: Packet = { type: "done", uid: 0 };

Deno.test("ReceiverMachine hands over the keys of the sender that was accepted", () => {
  const world = registered();
  const keys = agree(world, 2);
  assertEquals(world.probe.takeTold(), [{ type: "agreed", ...nameOf(2) }]);
  world.probe.apply(world.machine.accept(2, world.probe.now));
  assertEquals(world.probe.takePackets(), [{ type: "accepted", uid: 2 }]);
  assertEquals([world.probe.takeTold(), world.probe.done], [[], false]);
  world.probe.feedPackets(DONE);
  const [event] = world.probe.takeEvents();
  assert(event?.type === "accepted");
  assertEquals(event.keys, keys);
  assertEquals([event.uid, event.identity], [2, identityOf(2)]);
  assert(world.probe.done);
  world.probe.feedPackets(DONE, failureOf(2));
  world.probe.wait(2 * DONE_TIMEOUT_MS);
  assertEquals(world.probe.takeTold(), []);
});

Deno.test("ReceiverMachine ends when its user refuses", () => {
  const world = registered();
  agree(world, 2);
  world.probe.takeTold();
  world.probe.apply(world.machine.refuse(2, world.probe.now));
  assertEquals(world.probe.takePackets(), [{ type: "refused", uid: 2 }]);
  assertEquals(world.probe.takeTold(), [{ type: "refused", ...nameOf(2) }]);
  assert(world.probe.done);
});

Deno.test("ReceiverMachine asks about one sender at a time, in the order of their agreements", () => {
  const world = registered();
  const { machine, probe } = world;
  agree(world, 2);
  const keys = agree(world, 3);
  agree(world, 4);
  assertEquals(probe.takeTold().filter(({ type }) => type !== "senders"), []);
  probe.apply(machine.accept(3, probe.now)); // not asked yet
  probe.apply(machine.refuse(4, probe.now));
  assertEquals(probe.takePackets(), []);
  probe.apply(machine.refuse(2, probe.now));
  assertEquals(probe.takePackets(), [{ type: "refused", uid: 2 }]);
  assertEquals(probe.takeTold(), [
    { type: "refused", ...nameOf(2) },
    { type: "agreed", ...nameOf(3) },
    { type: "senders", waiting: 3, failed: 1 },
  ]);
  probe.apply(machine.accept(3, probe.now));
  probe.feedPackets(closed(4), DONE);
  const event = probe.takeEvents().at(-1);
  assert(event?.type === "accepted");
  assertEquals(event.keys, keys);
});

Deno.test("ReceiverMachine withdraws the question when its sender is gone", async (t) => {
  const cases: Record<string, (world: World) => Packet> = {
    "09": () => closed(2),
    "0d": () => failureOf(2),
    "04 with another public": () => makeHost(2).announcement,
  };
  for (const [name, packet] of Object.entries(cases)) {
    await t.step(name, () => {
      const world = registered();
      agree(world, 2);
      agree(world, 3);
      agree(world, 4);
      world.probe.takeTold();
      world.probe.feedPackets(closed(3));
      world.probe.feedPackets(packet(world));
      assertEquals(world.probe.takeTold().filter(({ type }) => type !== "senders"), [
        { type: "cancelled", ...nameOf(2) },
        { type: "agreed", ...nameOf(4) },
      ]);
      world.probe.takePackets();
      world.probe.apply(world.machine.accept(2, world.probe.now)); // the answer came too late
      world.probe.apply(world.machine.refuse(2, world.probe.now));
      assertEquals(world.probe.takePackets(), []);
      assertEquals(world.probe.done, false);
      world.probe.feedPackets(closed(4));
      assertEquals(world.probe.takeTold()[0], { type: "cancelled", ...nameOf(4) });
    });
  }
});

Deno.test("ReceiverMachine gives up a sender that is gone after the acceptance", async (t) => {
  const cases: Record<string, (world: World) => void> = {
    "no 0e in time": ({ probe }) => probe.wait(DONE_TIMEOUT_MS),
    "09": ({ probe }) => probe.feedPackets(closed(2)),
    "0d": ({ probe }) => probe.feedPackets(failureOf(2)),
    "04 with another public": ({ probe }) => probe.feedPackets(makeHost(2).announcement),
  };
  for (const [name, act] of Object.entries(cases)) {
    await t.step(name, () => {
      const world = registered();
      agree(world, 2);
      world.probe.apply(world.machine.accept(2, world.probe.now));
      world.probe.wait(DONE_TIMEOUT_MS - 1);
      world.probe.takeTold();
      act(world);
      assertEquals(world.probe.takeTold(), [{ type: "sender-gone", ...nameOf(2) }]);
      assert(world.probe.done);
    });
  }
});

Deno.test("ReceiverMachine starts nothing new while it waits for 0e", () => {
  const world = registered();
  const { machine, probe } = world;
  const other = announce(world, 3);
  prove(world, 4);
  agree(world, 2);
  probe.apply(machine.accept(2, probe.now));
  probe.takePackets();
  probe.takeTold();
  probe.feedPackets(makeHost(5).announcement, other.reply, { type: "agreement", uid: 4 });
  probe.apply(machine.accept(2, probe.now));
  probe.apply(machine.accept(4, probe.now));
  probe.apply(machine.refuse(4, probe.now));
  assertEquals([probe.takePackets(), probe.takeTold()], [[], []]);
  assertEquals(world.guesses.spent, 0);
  probe.feedPackets(DONE);
  assertEquals(probe.takeEvents().at(-1)?.type, "accepted");
});

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

Deno.test("bob-relay 10.15: used-up guesses do not stop a sender that the user is asked about", () => {
  const world = registered(1);
  agree(world, 2);
  fail(world, 3);
  world.probe.takeTold();
  world.probe.feedPackets(announce(world, 4).reply);
  assertEquals(world.probe.takePackets(), []);
  assertEquals(world.probe.done, false);
  world.probe.apply(world.machine.accept(2, world.probe.now));
  world.probe.feedPackets(DONE);
  assertEquals(world.probe.takeEvents().at(-1)?.type, "accepted");
});

Deno.test("bob-relay 10.15: a sender that tries eight passwords on one connection is ignored", () => {
  const world = registered(100);
  for (let count = 0; count < MAX_GUESSES_PER_PEER; count++) fail(world, 2);
  world.probe.feedPackets(announce(world, 2).reply);
  assertEquals(world.probe.takePackets(), []);
  assertEquals(world.guesses.spent, MAX_GUESSES_PER_PEER);
  agree(world, 3);
});
