import { assertEquals, assertThrows } from "@std/assert";
import { ANNOUNCEMENT_BATCH, MAX_HELLOS, MAX_PACKETS_PER_PAIR } from "../../../lib/bob/mod.ts";
import {
  agree,
  drops,
  GONE,
  hello,
  PUBLIC,
  takeAll,
  VALIDATOR,
  worldOf,
  X,
  Y,
} from "./relay_script.ts";
import { latin, RelayWorld } from "./relay_world.ts";

const OTHER_PUBLIC = "q".repeat(34);

Deno.test("RelayMachine gives uids in order and announces in both directions", () => {
  const world = worldOf("s1 s2 c3");
  world.open("c4");
  hello(world, "c4");
  assertEquals(takeAll(world), {
    c4: "000003127.0.0.1:40004\0" +
      `0000040001${PUBLIC}127.0.0.1:40001\0` +
      `0000040002${PUBLIC}127.0.0.1:40002\0`,
  });
  world.open("s5");
  hello(world, "s5");
  assertEquals(takeAll(world), {
    s5: "000002127.0.0.1:40005\0",
    c3: `0000040005${PUBLIC}127.0.0.1:40005\0`,
    c4: `0000040005${PUBLIC}127.0.0.1:40005\0`,
  });
  assertEquals([world.main.clients, world.main.servers, world.main.connections], [2, 3, 5]);
  assertEquals(world.told.at(-1), { type: "registered", connection: 5, role: "server", uid: 5 });
});

Deno.test("RelayMachine answers another hello of a server in full, with the new public", () => {
  const world = worldOf("s1 c2");
  world.send("s1", `000000${OTHER_PUBLIC}`);
  assertEquals(takeAll(world), {
    s1: "000002127.0.0.1:40001\0",
    c2: `0000040001${OTHER_PUBLIC}127.0.0.1:40001\0`,
  });
  assertEquals(world.main.servers, 1);
});

Deno.test("RelayMachine answers another hello of a client in full", () => {
  const world = worldOf("s1 c2");
  world.send("c2", "000001");
  assertEquals(takeAll(world), {
    c2: `000003127.0.0.1:40002\x000000040001${PUBLIC}127.0.0.1:40001\0`,
  });
});

Deno.test("RelayMachine closes a connection that says hello again and again", () => {
  const world = worldOf("s1 c2");
  for (let count = 1; count < MAX_HELLOS; count++) hello(world, "s1");
  takeAll(world);
  hello(world, "s1");
  assertEquals(takeAll(world), { s1: GONE, c2: "0000090001" });
  assertEquals(world.closed("s1"), "too-many-hellos");
});

Deno.test("RelayMachine passes on what each role may send, with the sender's uid", async (t) => {
  const fromClient = [`07${X}me\0`, `07${X}\0`, `05${VALIDATOR}`, "0b", "0d\x01"];
  const fromServer = [`06${Y}${VALIDATOR}`, "08", "0d\x00"];
  for (const payload of fromClient) {
    await t.step(`client, ${payload.slice(0, 2)}`, () => {
      const world = worldOf("s1 c2");
      world.send("c2", `0001${payload}`);
      assertEquals(takeAll(world), { s1: `0002${payload}` });
    });
  }
  for (const payload of fromServer) {
    await t.step(`server, ${payload.slice(0, 2)}`, () => {
      const world = worldOf("s1 c2");
      world.send("s1", `0002${payload}`);
      assertEquals(takeAll(world), { c2: `0001${payload}` });
    });
  }
});

Deno.test("RelayMachine drops what must not pass, and serves the connection on", async (t) => {
  const exchange = `07${X}me\0`;
  const table: readonly (readonly [name: string, from: string, bytes: string, reason: string])[] = [
    ["client to client", "c2", `0003${exchange}`, "no-such-peer"],
    ["client to itself", "c2", `0002${exchange}`, "no-such-peer"],
    ["server to server", "s1", `000406${Y}${VALIDATOR}`, "no-such-peer"],
    ["client to nobody", "c2", `0009${exchange}`, "no-such-peer"],
    ["client to the relay", "c2", `0000${exchange}`, "no-such-peer"],
    ["failure between clients", "c2", "00030d\x01", "no-such-peer"],
    ["failure between servers", "s1", "00040d\x01", "no-such-peer"],
    ["validator of a server", "s1", `000205${VALIDATOR}`, "not-allowed"],
    ["exchange of a server", "s1", `0002${exchange}`, "not-allowed"],
    ["acceptance of a server", "s1", "00020a", "not-allowed"],
    ["refusal of a server", "s1", "00020b", "not-allowed"],
    ["exchange of a client", "c2", `000106${Y}${VALIDATOR}`, "not-allowed"],
    ["agreement of a client", "c2", "000108", "not-allowed"],
    ["identity", "c2", "000102me\0", "not-allowed"],
    ["client identity", "s1", "000203me\0", "not-allowed"],
    ["announcement", "s1", `0002040001${PUBLIC}me\0`, "not-allowed"],
    ["closing", "c2", "0001090002", "not-allowed"],
    ["end of the relay", "c2", GONE, "not-allowed"],
    ["done", "s1", "00020e", "not-allowed"],
    ["time-out", "c2", "00010f", "not-allowed"],
    ["hello to a peer", "c2", "000101", "not-to-relay"],
    ["server's hello to a peer", "s1", `000200${PUBLIC}`, "not-to-relay"],
    ["hello of the other role", "s1", "000001", "other-role"],
    ["acceptance without agreement", "c2", "00010a", "no-agreement"],
  ];
  for (const [name, from, bytes, reason] of table) {
    await t.step(name, () => {
      const world = worldOf("s1 c2 c3 s4");
      world.send(from, bytes);
      assertEquals(takeAll(world), {});
      assertEquals(drops(world), [reason]);
      hello(world, from);
      assertEquals(takeAll(world)[from]?.slice(0, 5), "00000");
    });
  }
});

Deno.test("RelayMachine tells of complaints and passes none on", () => {
  const world = worldOf("s1 c2");
  world.send("c2", "00000cH0001", "00010cS0001");
  assertEquals(takeAll(world), {});
  assertEquals(world.told.slice(-2), [
    { type: "complained", connection: 2, reason: "no-handshake", peer: 1 },
    { type: "complained", connection: 2, reason: "invalid-server", peer: 1 },
  ]);
});

Deno.test("RelayMachine pairs after an agreement: both are told, closed, and gone for others", () => {
  const world = worldOf("s1 c2 c3 s4");
  agree(world, ["c2", 2], ["s1", 1]);
  world.send("c2", "00010a");
  assertEquals(takeAll(world), {
    s1: "00020a",
    c2: "00000e",
    c3: "0000090001",
    s4: "0000090002",
  });
  assertEquals([world.closed("s1"), world.closed("c2")], ["paired", "paired"]);
  assertEquals([world.main.clients, world.main.servers, world.rooms.size], [1, 1, 1]);
  assertEquals(world.told.at(-1), { type: "paired", client: 2, server: 1 });
});

Deno.test("RelayMachine reads nothing more of a connection that it closed", () => {
  const world = worldOf("s1 c2");
  agree(world, ["c2", 2], ["s1", 1]);
  world.send("c2", "00010a00010azzzzzz");
  assertEquals(takeAll(world), { s1: "00020a", c2: "00000e" });
  world.send("c2", "000001");
  world.end("c2");
  world.drain("c2");
  assertEquals(takeAll(world), {});
});

Deno.test("RelayMachine honours an acceptance only while the agreement stands", async (t) => {
  const undone: readonly (readonly [name: string, from: string, bytes: string])[] = [
    ["refused", "c2", "00010b"],
    ["failure told by the client", "c2", "00010d\x01"],
    ["failure told by the server", "s1", "00020d\x02"],
    ["a new exchange", "c2", `000107${X}me\0`],
  ];
  for (const [name, from, bytes] of undone) {
    await t.step(name, () => {
      const world = worldOf("s1 c2");
      agree(world, ["c2", 2], ["s1", 1]);
      world.send(from, bytes);
      takeAll(world);
      world.send("c2", "00010a");
      assertEquals(takeAll(world), {});
      agree(world, ["c2", 2], ["s1", 1]);
      world.send("c2", "00010a");
      assertEquals(takeAll(world), { s1: "00020a", c2: "00000e" });
    });
  }
  await t.step("the agreement of another server", () => {
    const world = worldOf("s1 c2 s3");
    agree(world, ["c2", 2], ["s3", 3]);
    world.send("c2", "00010a");
    assertEquals(takeAll(world), {});
  });
  await t.step("the agreement with another client", () => {
    const world = worldOf("s1 c2 c3");
    agree(world, ["c2", 2], ["s1", 1]);
    world.send("c3", "00010a");
    assertEquals(takeAll(world), {});
  });
});

Deno.test("RelayMachine passes a refusal on and keeps both", () => {
  const world = worldOf("s1 c2");
  agree(world, ["c2", 2], ["s1", 1]);
  world.send("c2", "00010b");
  assertEquals(takeAll(world), { s1: "00020b" });
  assertEquals([world.main.clients, world.main.servers], [1, 1]);
});

Deno.test("RelayMachine tells of an end only who still counts on the peer", async (t) => {
  for (const [from, bytes] of [["c2", "00010b"], ["c2", "00010d\x01"], ["s1", "00020d\x00"]]) {
    for (const leaving of ["s1", "c2"]) {
      await t.step(`${from} sends ${bytes?.slice(4, 6)}, ${leaving} leaves`, () => {
        const world = worldOf("s1 c2 c3 s4");
        world.send(from as string, bytes as string);
        takeAll(world);
        world.end(leaving);
        assertEquals(
          takeAll(world),
          leaving === "s1" ? { c3: "0000090001" } : { s4: "0000090002" },
        );
      });
    }
  }
  await t.step("a new exchange makes them count on each other again", () => {
    const world = worldOf("s1 c2");
    world.send("c2", "00010d\x01", `000107${X}me\0`);
    takeAll(world);
    world.end("s1");
    assertEquals(takeAll(world), { c2: "0000090001" });
  });
  for (const renewed of ["s1", "c2"]) {
    await t.step(`another hello of ${renewed} does so too`, () => {
      const world = worldOf("s1 c2");
      world.send("c2", "00010d\x01");
      hello(world, renewed);
      takeAll(world);
      world.end("s1");
      assertEquals(takeAll(world), { c2: "0000090001" });
    });
  }
});

Deno.test("RelayMachine bounds what one peer may send to another", () => {
  const world = worldOf("s1 c2 c3");
  for (let count = 0; count < MAX_PACKETS_PER_PAIR; count++) world.send("c2", "00010d\x01");
  assertEquals(world.take("s1").length, 7 * MAX_PACKETS_PER_PAIR);
  world.send("c2", "00010d\x01");
  assertEquals(drops(world), ["too-many-packets"]);
  world.send("c3", "00010d\x01");
  world.send("s1", "00020d\x00");
  assertEquals(takeAll(world), { s1: "00030d\x01", c2: "00010d\x00" });
});

Deno.test("RelayMachine announces many servers in batches as the client takes them", () => {
  const world = new RelayWorld({ maxRooms: 2000, maxWaitingPerGroup: 2000, drains: false });
  const count = ANNOUNCEMENT_BATCH * 2 + 10;
  for (let number = 1; number <= count; number++) {
    world.open(`s${number}`);
    hello(world, `s${number}`);
  }
  world.open("c");
  hello(world, "c");
  const announced = () => [...world.take("c").matchAll(/000004([0-9a-f]{4})p/g)].map(([, n]) => n);
  const all = announced();
  assertEquals(all.length, ANNOUNCEMENT_BATCH);
  world.end("s1"); // was announced
  world.end(`s${count}`); // was not
  world.open("s-late");
  hello(world, "s-late"); // its turn comes
  hello(world, "s2"); // was announced, and is once more
  assertEquals(world.take("c"), `0000090001000009${count.toString(16).padStart(4, "0")}`);
  world.drain("c");
  all.push(...announced());
  assertEquals(all.length, 2 * ANNOUNCEMENT_BATCH);
  world.drain("c");
  all.push(...announced());
  world.drain("c");
  assertEquals(announced(), []);
  const uids = Array.from({ length: count - 1 }, (_, index) => index + 1);
  assertEquals(all.map((uid) => parseInt(uid as string, 16)), [...uids, count + 2, 2]);
});

Deno.test("RelayMachine announces nothing twice to a client that says hello meanwhile", () => {
  const world = new RelayWorld({ maxRooms: 2000, maxWaitingPerGroup: 2000, drains: false });
  for (let number = 1; number <= ANNOUNCEMENT_BATCH; number++) {
    world.open(`s${number}`);
    hello(world, `s${number}`);
  }
  world.open("c");
  hello(world, "c");
  world.take("c");
  hello(world, "c");
  assertEquals(world.take("c"), "000003127.0.0.1:40257\0");
  world.drain("c");
  assertEquals([...world.take("c").matchAll(/000004/g)].length, ANNOUNCEMENT_BATCH);
});

Deno.test("RelayMachine refuses newcomers when it is full, and evicts nobody", () => {
  const world = worldOf("s1 c2", { maxRooms: 2 });
  world.open("c3");
  hello(world, "c3");
  assertEquals(takeAll(world), { c3: GONE });
  assertEquals(world.closed("c3"), "full");
  agree(world, ["c2", 2], ["s1", 1]);
  world.send("c2", "00010a"); // two peers become one pair
  takeAll(world);
  world.open("c4");
  hello(world, "c4");
  assertEquals(world.closed("c4"), undefined);
  world.open("c5");
  hello(world, "c5");
  assertEquals(world.closed("c5"), "full");
  world.wait(30); // nobody opens the pair
  world.open("c6");
  hello(world, "c6");
  assertEquals(world.closed("c6"), undefined);
});

Deno.test("RelayMachine counts peers by address group", () => {
  const world = new RelayWorld({ maxWaitingPerGroup: 1 });
  world.open("c1", { group: "10.0.0.1" });
  world.open("c2", { group: "10.0.0.1" });
  world.open("s3", { group: "10.0.0.2" });
  for (const name of ["c1", "c2", "s3"]) hello(world, name);
  assertEquals(world.closed("c1"), undefined);
  assertEquals(world.closed("c2"), "address-full");
  assertEquals(world.closed("s3"), undefined);
  world.end("c1");
  world.open("c4", { group: "10.0.0.1" });
  hello(world, "c4");
  assertEquals(world.closed("c4"), undefined);
});

Deno.test("RelayMachine ends a wait counted from the connection's beginning", () => {
  const world = new RelayWorld({ wait: 3600 });
  world.open("c");
  world.wait(9);
  hello(world, "c");
  takeAll(world);
  world.wait(3590.9);
  hello(world, "c"); // does not refresh it
  assertEquals(world.take("c"), "000003127.0.0.1:40001\0");
  world.wait(0.1);
  assertEquals(world.take("c"), "00000f");
  assertEquals(world.closed("c"), "timeout");
  assertEquals(world.main.wakeAt, undefined);
});

Deno.test("RelayMachine tells everybody when it stops", () => {
  const world = worldOf("s1 c2");
  world.open("x");
  world.stop();
  assertEquals(takeAll(world), { s1: GONE, c2: GONE, x: GONE });
  assertEquals(world.closed("s1"), "stopped");
  assertEquals([world.main.connections, world.main.clients, world.main.servers], [0, 0, 0]);
  assertEquals(world.main.wakeAt, undefined);
});

Deno.test("RelayMachine refuses a connection number in use and an impossible identity", () => {
  const { main } = new RelayWorld();
  const group = "g";
  main.open(1, { identity: latin("a:1"), group }, 0);
  assertThrows(() => main.open(1, { identity: latin("a:2"), group }, 0), RangeError, "in use");
  for (const identity of ["", "a b", "a\0", "x".repeat(100)]) {
    const open = () => main.open(2, { identity: latin(identity), group }, 0);
    assertThrows(open, RangeError, "identity");
  }
  assertEquals(main.connections, 1);
});
