// Section 10 of the protocol document: what the reference's main port does wrong.

import { assertEquals } from "@std/assert";
import { agree, drops, GONE, hello, PUBLIC, takeAll, worldOf, X } from "./relay_script.ts";
import { RelayWorld } from "./relay_world.ts";

Deno.test("bob-relay 10.6: a connection that breaks anywhere harms nobody else", () => {
  const packet = `000107${X}me\0`;
  for (let length = 0; length <= packet.length; length++) {
    const world = worldOf("s1 c2 c3");
    world.send("c2", packet.slice(0, length));
    takeAll(world);
    world.end("c2");
    assertEquals(takeAll(world), { s1: "0000090002" });
    world.send("c3", packet);
    assertEquals(takeAll(world), { s1: `000307${X}me\0` });
    const inside = length > 0 && length < packet.length;
    assertEquals(world.closed("c2"), inside ? "malformed" : "ended");
  }
});

Deno.test("bob-relay 10.7: an endless packet closes its connection, the others are served", () => {
  const world = worldOf("s1 c2 c3");
  world.send("c2", `000107${"x".repeat(402)}`);
  assertEquals(world.closed("c2"), undefined);
  world.send("c2", "x");
  assertEquals(world.closed("c2"), "malformed");
  assertEquals(takeAll(world), { s1: "0000090002" });
  world.send("c3", `000107${"x".repeat(401)}\0`);
  assertEquals(takeAll(world), { s1: `000307${"x".repeat(401)}\0` });
});

Deno.test("bob-relay 10.8: uid ffff is an ordinary one, and uids are used again", () => {
  const world = new RelayWorld({ maxRooms: 0x10000, maxWaitingPerGroup: 0x10000 });
  const identity = "a:1";
  world.open("c1", { identity });
  world.send("c1", "000001", `ffff07${X}me\0`);
  assertEquals(drops(world), ["no-such-peer"]);
  for (let uid = 2; uid < 0xffff; uid++) {
    world.open(`c${uid}`, { identity });
    world.send(`c${uid}`, "000001");
  }
  world.open("s");
  hello(world, "s");
  assertEquals(world.told.at(-1)?.type, "registered");
  for (const name of ["c1", "s"]) world.take(name);
  world.send("c1", `ffff07${X}me\0`);
  assertEquals(world.take("s"), `000107${X}me\0`);

  world.open("late", { identity });
  world.send("late", "000001");
  assertEquals([world.take("late"), world.closed("late")], [GONE, "no-uid"]);
  world.end("c300");
  world.take("s");
  world.open("later", { identity });
  world.send("later", "000001");
  world.send("later", `ffff07${X}me\0`);
  assertEquals(world.take("s"), `012c07${X}me\0`);
});

Deno.test("bob-relay 10.8: a peer with a used uid inherits nothing of the one before", () => {
  const world = worldOf("s1 c2");
  agree(world, ["c2", 2], ["s1", 1]);
  world.end("s1");
  for (let uid = 3; uid <= 0xffff; uid++) {
    world.open(`c${uid}`, { identity: "a:1" });
    hello(world, `c${uid}`);
    world.end(`c${uid}`);
  }
  world.open("s-next");
  hello(world, "s-next");
  const last = world.told.at(-1);
  assertEquals(last?.type === "registered" && last.uid, 1);
  takeAll(world);
  world.send("c2", "00010a");
  assertEquals([takeAll(world), drops(world)], [{}, ["no-agreement"]]);
});

Deno.test("bob-relay 10.9: nothing malformed, gone or silent stays open", async (t) => {
  for (
    const bytes of ["zzzz00", "000010", "00000cX0001", "00000cC00x1", "00010d\x05", "0000090x01"]
  ) {
    await t.step(`malformed: ${bytes}`, () => {
      const world = worldOf("s1 c2");
      world.send("c2", bytes);
      assertEquals(world.closed("c2"), "malformed");
      assertEquals(takeAll(world), { s1: "0000090002" });
      assertEquals(world.told.at(-1)?.type, "fault");
    });
  }
  await t.step("what came before the malformed packet in the same chunk counts", () => {
    const world = worldOf("s1 c2");
    world.send("c2", "00010bzzzz00");
    assertEquals(takeAll(world), { s1: "00020b" });
  });
  await t.step("gone", () => {
    const world = worldOf("s1 c2 s3");
    world.end("c2");
    assertEquals(takeAll(world), { s1: "0000090002", s3: "0000090002" });
    assertEquals(world.closed("c2"), "ended");
  });
  await t.step("silent", () => {
    const world = worldOf("s1");
    world.open("x");
    world.wait(9.999);
    assertEquals(world.closed("x"), undefined);
    world.wait(0.001);
    assertEquals([world.closed("x"), world.take("x")], ["silent", ""]);
    assertEquals(world.closed("s1"), undefined);
  });
  await t.step("talking without a hello", () => {
    const world = new RelayWorld();
    world.open("x");
    for (let second = 0; second < 10; second++) {
      world.send("x", "00010a");
      world.wait(1);
    }
    assertEquals(world.closed("x"), "silent");
  });
});

Deno.test("bob-relay 10.10: no client can end a server's wait by an unsolicited acceptance", () => {
  const world = worldOf("s1 c2 c3");
  agree(world, ["c2", 2], ["s1", 1]);
  world.send("c3", "00010a", `000107${X}me\0`, "00010a");
  assertEquals(takeAll(world), { s1: `000307${X}me\0` });
  assertEquals(world.closed("s1"), undefined);
  world.send("c2", "00010a");
  assertEquals(world.closed("s1"), "paired");
});

Deno.test("bob-relay 10.14: Relay_failure N from a peer is understood", () => {
  const world = worldOf("c1");
  world.send("c1", "00000cN0000");
  assertEquals(world.closed("c1"), undefined);
  assertEquals(world.told.at(-1), {
    type: "complained",
    connection: 1,
    reason: "no-agreement",
    peer: 0,
  });
});

Deno.test("bob-relay 10.16: giving up a slow reader leaves the others as they are", () => {
  const world = worldOf("s1 c2 c3", { drains: false });
  world.end("c2"); // its queue was full
  assertEquals(takeAll(world), { s1: "0000090002" });
  world.open("s4");
  hello(world, "s4");
  assertEquals(takeAll(world), {
    s4: "000002127.0.0.1:40004\0",
    c3: `0000040004${PUBLIC}127.0.0.1:40004\0`,
  });
});
