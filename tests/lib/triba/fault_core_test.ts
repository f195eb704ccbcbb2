// The table of section 8, row by row, for the core. F05 needs a stream that breaks: see the driver.

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  type CoreMachine,
  createPlainCipher,
  PacketChannel,
  Spawns,
  TribaFault,
} from "../../../lib/triba/mod.ts";
import { ChunkBuffer } from "../../../lib/bytes/mod.ts";
import {
  type AnyStep,
  eventsOf,
  faultOf,
  INPUTS,
  makeCore,
  openCore,
  Peer,
  vectors,
} from "./support.ts";

/** A core that waits for step 7, and a peer that can send it. */
function upgrading(handshake: "plain" | "versioned" = "versioned"): {
  machine: CoreMachine;
  peer: Peer;
} {
  const machine = makeCore({ handshake });
  machine.start(0);
  machine.receive(concat([INPUTS.uuid, INPUTS.cbs_public]), 0);
  return { machine, peer: new Peer() };
}

/** A core that waits for the answer to `ApiVersion`, or to `HandshakeSuccess` where plain. */
function asking(handshake: "plain" | "versioned"): { machine: CoreMachine; peer: Peer } {
  const { machine, peer } = upgrading(handshake);
  peer.read(machine.receive(peer.request("HandshakeUpgradeConnection"), 0));
  return { machine, peer };
}

function assertClosed(step: AnyStep, code: string, peer?: Peer): TribaFault {
  const fault = faultOf(step);
  assert(fault !== undefined, `no fault, expected ${code}`);
  assertEquals([fault.code, step.done], [code, true]);
  assertEquals(peer?.read(step) ?? step.send, [], "a fault is no packet");
  return fault;
}

Deno.test("fault F01 core: the stream ends inside steps 1 to 5", () => {
  const stream = concat([INPUTS.uuid, INPUTS.cbs_public]);
  for (let length = 0; length <= stream.length; length++) {
    const machine = makeCore();
    machine.start(0);
    machine.receive(stream.subarray(0, length), 0);
    assertClosed(machine.end(0), "lost");
  }
});

Deno.test("fault F01 core: the end at the version exchange names the setting", () => {
  const { machine } = asking("versioned");
  assert(assertClosed(machine.end(0), "lost").message.includes('handshake = "plain"'));
});

Deno.test("fault F02 core: an unknown id gets no byte", () => {
  const machine = makeCore();
  machine.start(0);
  const step = machine.receive(new Uint8Array(16), 0);
  assertClosed(step, "unknown-id");
  assertEquals(step.send, []);
});

Deno.test("fault F02 core: an id is unknown before it is given, after its time, and after use", () => {
  const spawns = new Spawns<string>();
  assertEquals(spawns.claim(INPUTS.uuid, 0).type, "unknown");
  spawns.add(INPUTS.uuid, "late", 100);
  const late = spawns.claim(INPUTS.uuid, 100);
  assertEquals(late.type === "unknown" && late.late, "late", "the core itself let it expire");
  spawns.remove(INPUTS.uuid);
  spawns.add(INPUTS.uuid, "used", 100);
  assertEquals(spawns.claim(INPUTS.uuid, 99), { type: "admitted", spawn: "used" });
  spawns.remove(INPUTS.uuid);
  const claim = spawns.claim(INPUTS.uuid, 99);
  assert(claim.type === "unknown" && claim.late === undefined);
  assertEquals(claim.fault.code, "unknown-id");
  assertEquals(claim.fault.message.includes("00112233"), false, "the id is not logged");
});

Deno.test("fault F03 core: a second connection before the session is open ends both", () => {
  const spawns = new Spawns<string>();
  spawns.add(INPUTS.uuid, "child", 100);
  assertEquals(spawns.claim(INPUTS.uuid, 1).type, "admitted");
  const second = spawns.claim(INPUTS.uuid, 2);
  assert(second.type === "collision");
  assertEquals([second.spawn, second.fault.code], ["child", "collision"]);
  assertEquals(spawns.claim(INPUTS.uuid, 3).type, "unknown", "the id is used up");
  const { machine } = upgrading();
  assertClosed(machine.abort(second.fault), "collision");
  assertEquals(machine.state, "closed");
});

Deno.test("fault F04 core: a second connection to an open session is closed alone", () => {
  const spawns = new Spawns<string>();
  spawns.add(INPUTS.uuid, "child", 100);
  spawns.claim(INPUTS.uuid, 1);
  spawns.opened(INPUTS.uuid);
  for (let i = 0; i < 3; i++) {
    const second = spawns.claim(INPUTS.uuid, 200);
    assert(second.type === "second");
    assertEquals([second.spawn, second.fault.code], ["child", "second"]);
  }
});

Deno.test("fault F06 core: a key of low order", () => {
  const { low_order } = vectors<{ low_order: { peer_public: string }[] }>("keys");
  for (const { peer_public } of low_order) {
    const machine = makeCore();
    machine.start(0);
    machine.receive(INPUTS.uuid, 0);
    const key = Uint8Array.from(peer_public.match(/../g) ?? [], (hex) => parseInt(hex, 16));
    const step = machine.receive(key, 0);
    assertClosed(step, "low-order");
    assertEquals(step.send, [], "and no nonce");
  }
});

Deno.test("fault F07 core: a size out of its limits, before anything of the payload", () => {
  for (const size of [0, 16, 65_537, 2 ** 32 - 1]) {
    const { machine } = upgrading();
    assertClosed(machine.receive(sizeField(size), 0), "size");
  }
  for (const size of [16, 16_777_217]) {
    const { machine } = openCore();
    assertClosed(machine.receive(sizeField(size), 0), "size");
  }
});

Deno.test("fault F07 core: the limit of the handshake holds up to step 11 and not beyond", () => {
  const { machine, peer } = asking("plain");
  const success = peer.response(1, "Success");
  const large = peer.plaintext(concat([
    Uint8Array.from([0x92, 2, 0x81, 0xa1, 0x78, 0xdb, 0, 1, 0, 0]),
    new Uint8Array(65_536).fill(0x61),
  ]));
  const step = machine.receive(concat([success, large]), 0);
  assertEquals(faultOf(step), undefined);
  assertEquals(peer.read(step)[0]?.slice(0, 2), [2, 2], "both came in one read");
});

Deno.test("fault F08 core: a tag that does not verify", () => {
  const { machine, peer } = openCore();
  const frame = peer.request("Ping");
  frame[frame.length - 1] = (frame.at(-1) as number) ^ 1;
  assertClosed(machine.receive(frame, 0), "cipher", peer);
});

Deno.test("fault F09 core: no MessagePack, wrong shape, bytes left over", () => {
  for (const plaintext of ["c1", "05", "9100", "9203a450696e67c0", "9203a2fffe"]) {
    const { machine, peer } = openCore();
    assertClosed(machine.receive(peer.plaintext(plaintext), 0), "malformed", peer);
  }
});

Deno.test("fault F10 core: an id out of sequence, expected and actual in the log", () => {
  for (const skip of [-1, 1, 5]) {
    const { machine, peer } = openCore();
    const expected = peer.nextId;
    peer.nextId += skip;
    const fault = assertClosed(machine.receive(peer.request("Ping"), 0), "sequence", peer);
    assert(fault.message.includes(`packet ${expected + skip}: expected ${expected}`));
  }
});

Deno.test("fault F10 core: the first id is 0 or 1", () => {
  for (const first of [0, 1, 2]) {
    const { machine, peer } = upgrading();
    peer.nextId = first;
    const step = machine.receive(peer.request("HandshakeUpgradeConnection"), 0);
    assertEquals(faultOf(step)?.code, first === 2 ? "sequence" : undefined);
  }
});

Deno.test("fault F11 core: a response to no request, or a second one", () => {
  const unknown = openCore();
  assertClosed(unknown.machine.receive(unknown.peer.response(77, "Success"), 0), "unmatched");
  const again = openCore();
  again.machine.request({ type: "JoinRoom", room: "a" }, 0);
  assertEquals(again.machine.receive(again.peer.response(3, "Success"), 0).done, false);
  assertClosed(again.machine.receive(again.peer.response(3, "Success"), 0), "unmatched");
  const early = upgrading();
  assertClosed(early.machine.receive(early.peer.response(0, "Success"), 0), "unmatched");
  const other = asking("versioned");
  assertClosed(other.machine.receive(other.peer.response(0, "Success"), 0), "unmatched");
});

Deno.test("fault F12 core: a handshake packet out of place", () => {
  for (
    const name of ["HandshakeUpgradeConnection", "HandshakeSuccess", {
      ApiVersion: [1, 0, "x", []],
    }]
  ) {
    const { machine, peer } = openCore();
    assertClosed(machine.receive(peer.request(name), 0), "out-of-place", peer);
  }
  for (const name of ["Ping", "HandshakeSuccess", "Unknown", { Status: "Online" }]) {
    const { machine, peer } = upgrading();
    assertClosed(machine.receive(peer.request(name), 0), "out-of-place", peer);
  }
  for (const handshake of ["plain", "versioned"] as const) {
    for (const name of ["Ping", "HandshakeUpgradeConnection", { Status: "Online" }]) {
      const { machine, peer } = asking(handshake);
      assertClosed(machine.receive(peer.request(name), 0), "out-of-place", peer);
    }
  }
});

Deno.test("fault F12 core: a request that belongs to the core itself", () => {
  for (const name of ["ListRooms", "Shutdown", { Cancel: 1 }, { JoinRoom: "a" }]) {
    const { machine, peer } = openCore();
    const fault = assertClosed(machine.receive(peer.request(name), 0), "out-of-place", peer);
    assert(fault.message.includes("one of the core"));
  }
});

Deno.test("fault F13 core: Error in step 11", () => {
  const { machine, peer } = asking("plain");
  const response = peer.response(1, { Error: ["denied", "not today\nor ever"] });
  const fault = assertClosed(machine.receive(response, 0), "rejected", peer);
  assert(fault.message.includes('denied, "not today\\x0aor ever"'));
});

Deno.test("fault F14 core: a response that makes no sense fails its call, the session lives", () => {
  for (const body of ["Success", { Catalogue: [] }, { Rooms: 5 }, { Messages: [[], null] }]) {
    const { machine, peer } = openCore();
    const { call } = machine.request({ type: "ListRooms" }, 0);
    const step = machine.receive(peer.response(3, body), 0);
    assertEquals(step.done, false);
    const [failure] = eventsOf(step, "failure");
    assertEquals([failure?.call, failure?.code, failure?.answered], [call, "internal", false]);
    assertEquals(eventsOf(step, "log")[0]?.level, "warn");
  }
});

Deno.test("fault F14 core: a response that makes no sense in steps 9 and 11 closes", () => {
  const bodies = ["Unknown", { Rooms: [] }, { ApiVersion: 5 }, { ApiVersion: ["1", 0, "x", []] }];
  for (const body of [...bodies, "Success"]) {
    const { machine, peer } = asking("versioned");
    assertClosed(machine.receive(peer.response(1, body), 0), "response", peer);
  }
  for (const body of [...bodies, { Success: 1 }]) {
    const { machine, peer } = asking("plain");
    assertClosed(machine.receive(peer.response(1, body), 0), "response", peer);
  }
});

Deno.test("fault F15 core: Error other than unknown_request in step 9", () => {
  for (const code of ["internal", "denied", "invalid_argument", "teapot"]) {
    const { machine, peer } = asking("versioned");
    const response = peer.response(1, { Error: [code, "no"] });
    assertClosed(machine.receive(response, 0), "rejected", peer);
  }
  const { machine, peer } = asking("versioned");
  const step = machine.receive(peer.response(1, { Error: ["unknown_request", "no"] }), 0);
  assertEquals(peer.read(step), [[2, "HandshakeSuccess"]], "which goes on as 0.0");
});

Deno.test("fault F16 core: an unknown request is answered, and logged once for each name", () => {
  const { machine, peer } = openCore();
  let logged = 0;
  for (const [i, body] of ["Wave", { Wave: [1] }, "Blink", { Wave: 2.5 }].entries()) {
    const step = machine.receive(peer.request(body), 0);
    const [[, req, answer] = []] = peer.read(step);
    assertEquals([req, (answer as { Error: string[] }).Error[0]], [3 + i, "unknown_request"]);
    logged += eventsOf(step, "log").filter(({ level }) => level === "info").length;
  }
  assertEquals(logged, 2);
});

Deno.test("fault F17 core: a known request with a wrong argument", () => {
  const bodies = [{ Status: 5 }, "Status", { Event: { Typing: ["a"] } }, { Event: 1 }, { Ping: 1 }];
  for (const body of bodies) {
    const { machine, peer } = openCore();
    const step = machine.receive(peer.request(body), 0);
    const [[, , answer] = []] = peer.read(step);
    assertEquals((answer as { Error: string[] }).Error[0], "invalid_argument");
    assertEquals([step.done, eventsOf(step, "request").length], [false, 0]);
  }
});

Deno.test("fault F17 core: step 7 with an argument is answered and can be repeated", () => {
  const { machine, peer } = upgrading();
  const step = machine.receive(peer.request({ HandshakeUpgradeConnection: 1 }), 0);
  const [[, , answer] = []] = peer.read(step);
  assertEquals((answer as { Error: string[] }).Error[0], "invalid_argument");
  const again = machine.receive(peer.request("HandshakeUpgradeConnection"), 0);
  assertEquals(peer.read(again)[0], [1, 1, "Success"]);
});

Deno.test("fault F18 core: a handler that throws is answered without details", () => {
  const { machine, peer } = openCore();
  const asked = machine.receive(peer.request({ Status: "Online" }), 0);
  const [request] = eventsOf(asked, "request");
  const step = machine.respondToThrow(request?.id as number, new Error("disk /secret is full"));
  assertEquals(peer.read(step), [[3, 3, { Error: ["internal", "Internal error"] }]]);
  assertEquals(eventsOf(step, "log")[0]?.message.includes("disk /secret is full"), true);
});

Deno.test("fault F19 core: the stream ends while open, within a packet or not", () => {
  for (const rest of [0, 3, 10]) {
    const { machine, peer } = openCore();
    const { call } = machine.request({ type: "ListRooms" }, 0);
    machine.receive(peer.request("Ping").subarray(0, rest), 0);
    const step = machine.end(0);
    assertClosed(step, "lost");
    const [failure] = eventsOf(step, "failure");
    assertEquals([failure?.call, failure?.code], [call, "unavailable"]);
  }
});

Deno.test("fault F10 core: the id 2^32 is one too many", () => {
  const cipher = () => createPlainCipher(INPUTS.packet_key, INPUTS.nonce);
  const common = { byteOrder: "big", form: "compact" } as const;
  const sender = new PacketChannel({
    ...common,
    cipher: cipher(),
    buffer: new ChunkBuffer(),
    firstId: 2 ** 32 - 1,
  });
  const receiver = new PacketChannel({
    ...common,
    cipher: cipher(),
    buffer: new ChunkBuffer(),
    expectedId: 2 ** 32 - 1,
  });
  receiver.push(sender.sendRequest("Ping").frame);
  assertEquals(receiver.next()?.id, 2 ** 32 - 1);
  const sent = codeOf(() => sender.sendRequest("Ping"));
  const peer = new Peer();
  peer.nextId = 2 ** 32;
  receiver.push(peer.request("Ping"));
  assertEquals([sent, codeOf(() => receiver.next())], ["exhausted", "exhausted"]);
});

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof TribaFault) return error.code;
    throw error;
  }
  return undefined;
}

function sizeField(size: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, size);
  return bytes;
}
