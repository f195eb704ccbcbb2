import { assertEquals, assertThrows } from "@std/assert";
import { makeIdentity } from "../../../lib/bob/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { latin, RelayWorld, type WorldOptions } from "./relay_world.ts";

const CLIENT = { host: "10.0.0.1", port: 40001 };
const SERVER = { host: "10.0.0.2", port: 40002 };
const CLIENT_LINE = "10.0.0.2:40002\n";
const SERVER_LINE = "10.0.0.1:40001\n";

/** A world with one pair and these connections to the secure port, each from its own address. */
function worldOf(names: string, options: WorldOptions = {}): RelayWorld {
  const world = new RelayWorld(options);
  world.rooms.record(
    { identity: makeIdentity(CLIENT), group: CLIENT.host },
    { identity: makeIdentity(SERVER), group: SERVER.host },
    world.now,
  );
  for (const name of names.split(" ")) {
    const group = name.startsWith("c") ? CLIENT.host : name.startsWith("s") ? SERVER.host : name;
    world.open(name, { port: "secure", group });
  }
  return world;
}

Deno.test("SecureMachine joins a pair with 00 to both, however the lines are cut", () => {
  for (const { name, chunks } of cuts(latin(CLIENT_LINE))) {
    const world = worldOf("s c");
    world.send("s", SERVER_LINE);
    assertEquals([world.take("s"), world.joined("s")], ["", undefined]);
    world.send("c", ...chunks);
    assertEquals([world.take("s"), world.take("c")], ["00", "00"], name);
    assertEquals([world.joined("s"), world.joined("c")], ["c", "s"]);
    assertEquals([world.secure.connections, world.rooms.size], [0, 0]);
    assertEquals(world.told, [{ type: "joined", client: world.id("c"), server: world.id("s") }]);
    world.send("c", "PACK"); // from here on it is the driver's
    world.end("s");
    assertEquals([world.take("s"), world.take("c")], ["", ""]);
    assertEquals(world.secure.wakeAt, undefined);
  }
});

Deno.test("SecureMachine answers 02 to whatever is no line of a pair, then closes", async (t) => {
  const table: readonly (readonly [name: string, bytes: string, reason: string])[] = [
    ["an identity that no pair has", "10.0.0.3:1\n", "unknown-pair"],
    ["an empty line", "\n", "unknown-pair"],
    ["a carriage return", "10.0.0.2:40002\r\n", "unknown-pair"],
    ["a blank in front", " 10.0.0.2:40002\n", "unknown-pair"],
    ["100 bytes and no newline", "x".repeat(100), "invalid-line"],
    ["bytes behind the newline", `${CLIENT_LINE}P`, "invalid-line"],
  ];
  for (const [name, bytes, reason] of table) {
    await t.step(name, () => {
      const world = worldOf("c s");
      world.send("c", bytes);
      assertEquals([world.take("c"), world.closed("c")], ["02", reason]);
      world.send("s", SERVER_LINE);
      assertEquals(world.closed("s"), undefined);
    });
  }
  await t.step("the end of the stream inside the line", () => {
    const world = worldOf("c");
    world.send("c", CLIENT_LINE.slice(0, -1));
    world.end("c");
    assertEquals([world.take("c"), world.closed("c")], ["02", "invalid-line"]);
  });
});

Deno.test("SecureMachine refuses bytes that come while it waits, and frees the place", () => {
  const world = worldOf("c1 c2 s");
  world.send("c1", CLIENT_LINE, "P");
  assertEquals([world.take("c1"), world.closed("c1")], ["02", "invalid-line"]);
  world.send("c2", CLIENT_LINE);
  world.send("s", SERVER_LINE);
  assertEquals(world.joined("c2"), "s");
});

Deno.test("SecureMachine answers 01 to silence for the handshake time", () => {
  const world = worldOf("c s");
  world.send("c", CLIENT_LINE.slice(0, 5));
  world.wait(9.9);
  assertEquals([world.closed("c"), world.closed("s")], [undefined, undefined]);
  world.wait(0.1);
  assertEquals([world.take("c"), world.closed("c")], ["01", "silent"]);
  assertEquals([world.take("s"), world.closed("s")], ["01", "silent"]);
});

Deno.test("SecureMachine ends a wait without a code and forgets the pair", () => {
  const world = worldOf("c s");
  world.wait(5);
  world.send("c", CLIENT_LINE);
  world.wait(3599);
  assertEquals([world.closed("c"), world.rooms.size], [undefined, 1]);
  world.wait(1);
  assertEquals([world.take("c"), world.closed("c"), world.rooms.size], ["", "timeout", 0]);
  assertEquals(world.secure.wakeAt, undefined);
});

Deno.test("SecureMachine closes both when the wait of one ends during the delay of the other", () => {
  const world = worldOf("c", { wait: 2 });
  world.send("c", CLIENT_LINE);
  world.wait(1);
  world.open("x", { port: "secure", group: "x" });
  world.send("x", SERVER_LINE);
  world.wait(1);
  assertEquals([world.closed("c"), world.closed("x")], ["timeout", "abandoned"]);
  assertEquals([world.take("c"), world.take("x"), world.secure.connections], ["", "", 0]);
});

Deno.test("SecureMachine frees the place of a peer that is gone", () => {
  const world = worldOf("c1 c2 s");
  world.send("c1", CLIENT_LINE);
  world.end("c1");
  assertEquals([world.take("c1"), world.closed("c1")], ["", "ended"]);
  world.send("s", SERVER_LINE);
  assertEquals(world.joined("s"), undefined);
  world.send("c2", CLIENT_LINE);
  assertEquals(world.joined("s"), "c2");
});

Deno.test("SecureMachine closes a connection whose place a later one of the peer takes", () => {
  const world = worldOf("c1 c2 s");
  world.send("c1", CLIENT_LINE);
  world.send("c2", CLIENT_LINE);
  assertEquals([world.take("c1"), world.closed("c1")], ["", "replaced"]);
  world.send("s", SERVER_LINE);
  assertEquals(world.joined("s"), "c2");
});

Deno.test("SecureMachine lets no stranger spoil a transfer of peers that come back in time", () => {
  const world = worldOf("x1 x2 s c");
  world.send("x1", CLIENT_LINE); // before the peers
  world.send("s", SERVER_LINE);
  assertEquals([world.take("x1"), world.joined("x1")], ["", undefined]);
  world.wait(4);
  world.send("c", CLIENT_LINE);
  assertEquals([world.joined("s"), world.closed("x1")], ["c", "replaced"]);

  const later = worldOf("c x s");
  later.send("c", CLIENT_LINE);
  later.send("x", CLIENT_LINE); // after one of them
  assertEquals([later.take("x"), later.closed("x")], ["02", "taken"]);
  later.send("s", SERVER_LINE);
  assertEquals(later.joined("s"), "c");
});

Deno.test("SecureMachine joins a peer that comes from another address, five seconds later", () => {
  const world = worldOf("s x");
  world.send("s", SERVER_LINE);
  world.send("x", CLIENT_LINE);
  world.wait(4.9);
  assertEquals(world.joined("s"), undefined);
  world.wait(0.1);
  assertEquals([world.joined("s"), world.take("s"), world.take("x")], ["x", "00", "00"]);
});

Deno.test("SecureMachine closes everything when it stops", () => {
  const world = worldOf("c s x");
  world.send("c", CLIENT_LINE);
  world.stop();
  for (const name of world.names()) {
    assertEquals([world.take(name), world.closed(name)], ["", "stopped"]);
  }
  assertEquals([world.secure.connections, world.rooms.size], [0, 0]);
  assertEquals([world.secure.wakeAt, world.main.wakeAt], [undefined, undefined]);
});

Deno.test("SecureMachine refuses a connection number in use", () => {
  const { secure } = worldOf("c");
  const remote = { identity: makeIdentity(CLIENT), group: "g" };
  assertThrows(() => secure.open(1, remote, 0), RangeError, "in use");
});

Deno.test("bob-relay 10.16: a pair that nobody opens is unknown after 30 seconds", () => {
  const world = worldOf("x");
  world.wait(29.9);
  assertEquals(world.rooms.size, 1);
  world.wait(0.1);
  assertEquals(world.rooms.size, 0);
  world.open("c", { port: "secure", group: CLIENT.host });
  world.send("c", CLIENT_LINE);
  assertEquals([world.take("c"), world.closed("c")], ["02", "unknown-pair"]);
});
