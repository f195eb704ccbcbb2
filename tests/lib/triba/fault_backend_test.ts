// The table of section 8, row by row, for the backend, with the exit codes. Rows F02 to F04 are the
// core's alone; F05 needs a stream that breaks: see the driver.

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { type BackendMachine, exitCodeOf, type TribaFault } from "../../../lib/triba/mod.ts";
import {
  type AnyStep,
  eventsOf,
  faultOf,
  INPUTS,
  makeBackend,
  openBackend,
  Peer,
  vectors,
} from "./support.ts";

/** A backend that waits for step 8. */
function upgrading(): { machine: BackendMachine; peer: Peer } {
  const machine = makeBackend();
  const peer = new Peer();
  machine.start(0);
  machine.receive(INPUTS.core_public, 0);
  peer.read(machine.receive(INPUTS.nonce, 0));
  return { machine, peer };
}

/** A backend that waits for `ApiVersion` or `HandshakeSuccess`. */
function upgraded(): { machine: BackendMachine; peer: Peer } {
  const { machine, peer } = upgrading();
  machine.receive(peer.response(0, "Success"), 0);
  return { machine, peer };
}

function assertExit(step: AnyStep, code: string, exit: number, peer?: Peer): TribaFault {
  const fault = faultOf(step);
  assert(fault !== undefined, `no fault, expected ${code}`);
  assertEquals([fault.code, exitCodeOf(fault), step.done], [code, exit, true]);
  assertEquals(peer?.read(step) ?? step.send, [], "a fault is no packet");
  return fault;
}

Deno.test("fault F01 backend: nothing after the id means that it was refused, exit 77", () => {
  const machine = makeBackend();
  assertEquals(machine.start(0).send, [INPUTS.uuid]);
  assertExit(machine.end(0), "refused", 77);
});

Deno.test("fault F01 backend: an end later in steps 1 to 5, exit 69", () => {
  const stream = concat([INPUTS.core_public, INPUTS.nonce]);
  for (let length = 1; length <= stream.length; length++) {
    const machine = makeBackend();
    machine.start(0);
    machine.receive(stream.subarray(0, length), 0);
    assertExit(machine.end(0), "lost", 69);
  }
});

Deno.test("fault F06 backend: a key of low order, exit 76", () => {
  const { low_order } = vectors<{ low_order: { peer_public: string }[] }>("keys");
  for (const { peer_public } of low_order) {
    const machine = makeBackend();
    machine.start(0);
    const key = Uint8Array.from(peer_public.match(/../g) ?? [], (hex) => parseInt(hex, 16));
    assertExit(machine.receive(key, 0), "low-order", 76);
  }
});

Deno.test("fault F07 backend: a size out of its limits, exit 76", () => {
  for (const size of [[0, 0, 0, 16], [0, 1, 0, 1], [255, 255, 255, 255]]) {
    assertExit(upgrading().machine.receive(Uint8Array.from(size), 0), "size", 76);
    assertExit(upgraded().machine.receive(Uint8Array.from(size), 0), "size", 76);
  }
  const { machine } = openBackend();
  assertExit(machine.receive(Uint8Array.from([1, 0, 0, 1]), 0), "size", 76);
  const reversed = upgrading().machine.receive(Uint8Array.from([27, 0, 0, 0]), 0);
  assertExit(reversed, "byte-order", 76);
});

Deno.test("fault F08 backend: a tag that does not verify, exit 76", () => {
  const { machine, peer } = openBackend();
  const frame = peer.request("Ping");
  frame[8] = (frame[8] as number) ^ 0x40;
  assertExit(machine.receive(frame, 0), "cipher", 76, peer);
});

Deno.test("fault F09 backend: no MessagePack, wrong shape, bytes left over, exit 76", () => {
  for (const plaintext of ["c1", "05", "9100", "9203a450696e67c0", "9203a2fffe"]) {
    const { machine, peer } = openBackend();
    assertExit(machine.receive(peer.plaintext(plaintext), 0), "malformed", 76, peer);
  }
});

Deno.test("fault F10 backend: an id out of sequence, exit 76", () => {
  for (const skip of [-1, 1]) {
    const { machine, peer } = openBackend();
    peer.nextId += skip;
    assertExit(machine.receive(peer.request("Ping"), 0), "sequence", 76, peer);
  }
});

Deno.test("fault F11 backend: a response to no request, or a second one, exit 76", () => {
  const unknown = openBackend();
  assertExit(unknown.machine.receive(unknown.peer.response(9, "Success"), 0), "unmatched", 76);
  const again = upgraded();
  assertExit(again.machine.receive(again.peer.response(0, "Success"), 0), "unmatched", 76);
  const other = upgrading();
  assertExit(other.machine.receive(other.peer.response(5, "Success"), 0), "unmatched", 76);
});

Deno.test("fault F12 backend: a handshake packet out of place, exit 76", () => {
  const names = ["HandshakeSuccess", "HandshakeUpgradeConnection", { ApiVersion: [1, 0, "x", []] }];
  for (const name of names) {
    const open = openBackend();
    assertExit(open.machine.receive(open.peer.request(name), 0), "out-of-place", 76, open.peer);
    const early = upgrading();
    assertExit(early.machine.receive(early.peer.request(name), 0), "out-of-place", 76, early.peer);
  }
  for (const name of ["Ping", "ListRooms", "HandshakeUpgradeConnection", { Status: "Online" }]) {
    const { machine, peer } = upgraded();
    assertExit(machine.receive(peer.request(name), 0), "out-of-place", 76, peer);
  }
  const { machine, peer } = upgraded();
  peer.read(machine.receive(peer.request({ ApiVersion: [1, 0, "x", []] }), 0));
  const twice = machine.receive(peer.request({ ApiVersion: [1, 0, "x", []] }), 0);
  assertExit(twice, "out-of-place", 76, peer);
});

Deno.test("fault F12 backend: a request that belongs to the backend itself, exit 76", () => {
  for (const name of [{ Status: "Online" }, { Event: { RoomRemoved: "a" } }]) {
    const { machine, peer } = openBackend();
    assertExit(machine.receive(peer.request(name), 0), "out-of-place", 76, peer);
  }
});

Deno.test("fault F13 backend: Error in step 8, exit 76", () => {
  const { machine, peer } = upgrading();
  const step = machine.receive(peer.response(0, { Error: ["denied", "no"] }), 0);
  assert(assertExit(step, "rejected", 76, peer).message.includes("denied"));
});

Deno.test("fault F14 backend: a response that makes no sense in step 8, exit 76", () => {
  for (const body of ["Unknown", { Success: 1 }, { Rooms: [] }, { Error: 5 }]) {
    const { machine, peer } = upgrading();
    assertExit(machine.receive(peer.response(0, body), 0), "response", 76, peer);
  }
});

Deno.test("fault F14 backend: while open it fails its call, the session lives", () => {
  for (const body of ["Unknown", { Success: 1 }, { Rooms: [] }]) {
    const { machine, peer } = openBackend();
    const { call } = machine.request({ type: "Status", status: { type: "Online" } }, 0);
    const step = machine.receive(peer.response(3, body), 0);
    assertEquals(step.done, false);
    const [failure] = eventsOf(step, "failure");
    assertEquals([failure?.call, failure?.code], [call, "internal"]);
  }
});

Deno.test("fault F15 backend: an error of its own in step 9 is never sent but for the argument", () => {
  const { machine, peer } = upgraded();
  const wrong = machine.receive(peer.request({ ApiVersion: ["one", 0, "x", []] }), 0);
  const [[, , answer] = []] = peer.read(wrong);
  assertEquals((answer as { Error: string[] }).Error[0], "invalid_argument");
  assertEquals(wrong.done, false);
  const right = machine.receive(peer.request({ ApiVersion: [1, 0, "x", []] }), 0);
  assertEquals(peer.read(right), [[2, 2, { ApiVersion: [1, 0, "triba-echo/1.0", []] }]]);
});

Deno.test("fault F16 backend: an unknown request is answered, in step 9 too", () => {
  for (const { machine, peer } of [openBackend(), upgraded()]) {
    const step = machine.receive(peer.request({ Hello: [1, 2.5] }), 0);
    const [[, , answer] = []] = peer.read(step);
    assertEquals((answer as { Error: string[] }).Error[0], "unknown_request");
    assertEquals(step.done, false);
  }
});

Deno.test("fault F17 backend: a known request with a wrong argument", () => {
  for (const body of [{ JoinRoom: 5 }, "JoinRoom", { Shutdown: 1 }, { Cancel: -1 }]) {
    const { machine, peer } = openBackend();
    const step = machine.receive(peer.request(body), 0);
    const [[, , answer] = []] = peer.read(step);
    assertEquals((answer as { Error: string[] }).Error[0], "invalid_argument");
    assertEquals([step.done, eventsOf(step, "request").length], [false, 0]);
  }
});

Deno.test("fault F18 backend: a handler that throws is answered without details", () => {
  const { machine, peer } = openBackend();
  const [request] = eventsOf(machine.receive(peer.request("ListRooms"), 0), "request");
  const step = machine.respondToThrow(request?.id as number, new TypeError("x is undefined"));
  assertEquals(peer.read(step), [[3, 3, { Error: ["internal", "Internal error"] }]]);
  const [line] = eventsOf(step, "log");
  assertEquals([line?.level, line?.message.includes("TypeError: x is undefined")], ["error", true]);
});

Deno.test("fault F19 backend: the stream ends while open, exit 69", () => {
  const { machine } = openBackend();
  const { call } = machine.request({ type: "Status", status: { type: "Online" } }, 0);
  const step = machine.end(0);
  const [failure] = eventsOf(step, "failure");
  assertEquals([failure?.call, failure?.code], [call, "unavailable"]);
  assertExit(step, "lost", 69);
});
