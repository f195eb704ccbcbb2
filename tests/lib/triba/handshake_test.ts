import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  BACKEND_FEATURES,
  checkCoreSettings,
  type CoreMachine,
  exitCodeOf,
  SEALED_1,
} from "../../../lib/triba/mod.ts";
import {
  type AnyMachine,
  eventsOf,
  faultOf,
  INPUTS,
  makeBackend,
  makeCore,
  Peer,
} from "./support.ts";

type Settings = Parameters<typeof makeCore>[0];

/** A core that waits for the answer to `ApiVersion`, and what it asked. */
function asking(settings: Settings = {}): { machine: CoreMachine; peer: Peer; asked: unknown } {
  const machine = makeCore(settings);
  const peer = new Peer();
  machine.start(0);
  machine.receive(concat([INPUTS.uuid, INPUTS.cbs_public]), 0);
  const step = machine.receive(peer.request("HandshakeUpgradeConnection"), 0);
  return { machine, peer, asked: peer.read(step)[1]?.[1] };
}

/** A backend that waits for `ApiVersion`. */
function waiting(settings: Parameters<typeof makeBackend>[0] = {}): {
  machine: AnyMachine;
  peer: Peer;
} {
  const machine = makeBackend(settings);
  const peer = new Peer();
  machine.start(0);
  machine.receive(INPUTS.core_public, 0);
  peer.read(machine.receive(INPUTS.nonce, 0));
  machine.receive(peer.response(0, "Success"), 0);
  return { machine, peer };
}

Deno.test("handshake: the core asks with its newest version and all features, unless told otherwise", () => {
  const { asked } = asking({ minor: undefined, features: undefined });
  assertEquals(asked, { ApiVersion: [1, 1, "triba-core/1.0", [...BACKEND_FEATURES]] });
  const sealed = asking({ spawnSecret: INPUTS.spawn_secret, features: ["edit"] });
  assertEquals(sealed.asked, { ApiVersion: [1, 0, "triba-core/1.0", ["edit", SEALED_1]] });
});

Deno.test("handshake: the lower minor version and the backend's features count", () => {
  for (const [ours, theirs, agreed] of [[1, 0, 0], [0, 1, 0], [1, 1, 1], [1, 9, 1]] as const) {
    const core = asking({ minor: ours, features: ["edit", "react"] });
    const version = { ApiVersion: [1, theirs, "peer/2\n", ["react"]] };
    core.machine.receive(core.peer.response(1, version), 0);
    const opened = core.machine.receive(core.peer.response(2, "Success"), 0);
    const [open] = eventsOf(opened, "open");
    assertEquals(open?.agreement, {
      major: 1,
      minor: agreed,
      agent: "peer/2\\x0a",
      features: new Set(["react"]),
      sealed: false,
    });
    const backend = waiting({ minor: ours, features: ["react", "read"] });
    const asked = { ApiVersion: [1, theirs, "core/2", ["edit", "react", "new"]] };
    const answer = backend.machine.receive(backend.peer.request(asked), 0);
    assertEquals(backend.peer.read(answer)[0]?.[2], {
      ApiVersion: [1, ours, "triba-echo/1.0", ["react"]],
    });
    const done = backend.machine.receive(backend.peer.request("HandshakeSuccess"), 0);
    assertEquals(eventsOf(done, "open")[0]?.agreement.minor, agreed);
  }
});

Deno.test("handshake: another major version ends it, and both are named", () => {
  const core = asking();
  const version = { ApiVersion: [2, 5, "peer/2", []] };
  const fault = faultOf(core.machine.receive(core.peer.response(1, version), 0));
  assertEquals(fault?.code, "version");
  assert(fault?.message.includes("2.5") && fault.message.includes("1.0"));
  const backend = waiting();
  const asked = { ApiVersion: [2, 5, "core/2", []] };
  const answer = backend.machine.receive(backend.peer.request(asked), 0);
  assertEquals(backend.peer.read(answer).length, 1, "so that the core can say what is wrong");
  const step = backend.machine.receive(backend.peer.request("HandshakeSuccess"), 0);
  const ended = faultOf(step);
  assertEquals([ended?.code, ended && exitCodeOf(ended)], ["version", 76]);
});

Deno.test("handshake: a feature that was not offered closes", () => {
  for (const feature of ["edit", SEALED_1, "unheard-of"]) {
    const { machine, peer } = asking({ features: ["react"] });
    const version = { ApiVersion: [1, 0, "peer/2", ["react", feature]] };
    const fault = faultOf(machine.receive(peer.response(1, version), 0));
    assertEquals(fault?.code, "policy");
    assert(fault?.message.includes(`"${feature}"`));
  }
});

Deno.test("handshake: a backend without the secret never lists sealed-1", () => {
  const { machine, peer } = waiting();
  const asked = { ApiVersion: [1, 0, "core/1", [SEALED_1]] };
  const step = machine.receive(peer.request(asked), 0);
  assertEquals(peer.read(step)[0]?.[2], { ApiVersion: [1, 0, "triba-echo/1.0", []] });
});

Deno.test("handshake: a backend that names no features has none", () => {
  const { machine, peer } = waiting({ features: undefined });
  const asked = { ApiVersion: [1, 0, "core/1", ["edit", "react"]] };
  const step = machine.receive(peer.request(asked), 0);
  assertEquals(peer.read(step)[0]?.[2], { ApiVersion: [1, 0, "triba-echo/1.0", []] });
});

Deno.test("handshake: a backend answers in the form of the core's first packet", () => {
  const machine = makeBackend({ form: "tagged" });
  const peer = new Peer();
  machine.start(0);
  const first = machine.receive(concat([INPUTS.core_public, INPUTS.nonce]), 0);
  const raw = { send: first.send.slice(1) };
  assertEquals(peer.read(raw), [
    { Request: [0, "HandshakeUpgradeConnection"] } as unknown as unknown[],
  ]);
  machine.receive(peer.response(0, "Success"), 0);
  const step = machine.receive(peer.request("HandshakeSuccess"), 0);
  assertEquals(peer.read(step), [[1, 1, "Success"]]);
});

Deno.test("handshake: each read has 5 s, all together 10 s", () => {
  for (const stop of [0, 1, 2]) {
    const machine = makeCore();
    machine.start(1000);
    assertEquals(machine.wakeAt, 6000);
    if (stop > 0) {
      machine.receive(INPUTS.uuid, 5999);
      assertEquals(machine.wakeAt, 10_999);
    }
    if (stop > 1) {
      machine.receive(INPUTS.cbs_public, 9000);
      assertEquals(machine.wakeAt, 11_000, "all together");
    }
    const wakeAt = machine.wakeAt as number;
    assertEquals(faultOf(machine.tick(wakeAt - 1)), undefined);
    const fault = faultOf(machine.tick(wakeAt));
    assertEquals(fault?.code, "timeout");
    assert(fault?.message.includes(["id", "key", "upgrade"][stop] as string));
  }
});

Deno.test("handshake: bytes of an unfinished read give no more time", () => {
  const machine = makeBackend();
  machine.start(0);
  machine.receive(INPUTS.core_public.subarray(0, 31), 4000);
  assertEquals(machine.wakeAt, 5000);
  const fault = faultOf(machine.tick(5000));
  assertEquals([fault?.code, fault && exitCodeOf(fault)], ["timeout", 69]);
});

Deno.test("handshake: time-outs can be set", () => {
  const machine = makeCore({}, { handshakeReadMs: 50, handshakeMs: 70 });
  machine.start(0);
  assertEquals(machine.wakeAt, 50);
});

Deno.test("handshake: states are those of the document", () => {
  const core = makeCore();
  const states = [core.state];
  const peer = new Peer();
  core.start(0);
  const read = (bytes: Uint8Array) => {
    peer.read({ send: core.receive(bytes, 0).send.filter(({ length }) => length !== 32) });
    states.push(core.state);
  };
  core.receive(INPUTS.uuid, 0);
  states.push(core.state);
  core.receive(INPUTS.cbs_public, 0);
  states.push(core.state);
  read(peer.request("HandshakeUpgradeConnection"));
  read(peer.response(1, { ApiVersion: [1, 0, "x", []] }));
  read(peer.response(2, "Success"));
  core.shutdown(0);
  states.push(core.state);
  core.end(0);
  states.push(core.state);
  assertEquals(states, [
    "id",
    "key",
    "upgrade",
    "version",
    "confirm",
    "open",
    "closing",
    "closed",
  ]);
  const backend = makeBackend();
  assertEquals(backend.state, "core-key");
  backend.start(0);
  backend.receive(INPUTS.core_public, 0);
  assertEquals(backend.state, "nonce");
  backend.receive(INPUTS.nonce, 0);
  assertEquals(backend.state, "upgrade");
  backend.receive(new Peer().response(0, "Success"), 0);
  assertEquals(backend.state, "version-or-success");
});

Deno.test("checkCoreSettings: what excludes each other is the configuration's mistake", () => {
  const spawnSecret = INPUTS.spawn_secret;
  const settings = { agent: "core/1" };
  checkCoreSettings({ ...settings, spawnSecret });
  const plain = () => checkCoreSettings({ ...settings, spawnSecret, handshake: "plain" });
  assertThrows(plain, RangeError, "handshake");
  const short = () => checkCoreSettings({ ...settings, spawnSecret: new Uint8Array(31) });
  assertThrows(short, RangeError, "31");
  assertThrows(() => checkCoreSettings({ agent: "x".repeat(65) }), RangeError, "64");
  assertThrows(() => checkCoreSettings({ agent: "core/1\n" }), RangeError, "control");
  assertThrows(() => checkCoreSettings({ agent: "x", features: [SEALED_1] }), RangeError, SEALED_1);
  checkCoreSettings({ agent: "x".repeat(64) });
});

Deno.test("BackendMachine: an id or a secret of another length is the caller's mistake", () => {
  assertThrows(() => makeBackend({ id: new Uint8Array(15) }).start(0), RangeError, "15");
  assertThrows(() => makeBackend({ spawnSecret: new Uint8Array(5) }).start(0), RangeError, "5");
});

Deno.test("CoreMachine: the spawn secret stays the caller's, who wipes it", () => {
  const spawnSecret = INPUTS.spawn_secret.slice();
  const machine = makeCore({ spawnSecret });
  machine.start(0);
  machine.receive(INPUTS.uuid, 0);
  machine.end(0);
  assertEquals(spawnSecret, INPUTS.spawn_secret);
});
