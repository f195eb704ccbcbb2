import { assert, assertEquals } from "@std/assert";
import { DONE_TIMEOUT_MS, type Packet } from "../../../lib/bob/mod.ts";
import {
  agree,
  announce,
  closed,
  DONE,
  fail,
  failureOf,
  nameOf,
  prove,
  registered,
  type World,
} from "./receiver_world.ts";
import { identityOf, makeHost } from "./strangers.ts";

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
