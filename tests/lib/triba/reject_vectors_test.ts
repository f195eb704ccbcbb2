import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  BACKEND_REQUESTS,
  CORE_REQUESTS,
  type CoreCall,
  decodePacket,
} from "../../../lib/triba/mod.ts";
import { cuts } from "../../support/chunks.ts";
import {
  type AnyMachine,
  eventsOf,
  faultOf,
  INPUTS,
  makeBackend,
  makeCore,
  openBackend,
  openCore,
  Peer,
  play,
  vectors,
} from "./support.ts";

interface Plaintext {
  name: string;
  plaintext: string;
  expect: string;
}

/** The receivers that a plaintext is meant for: whom its variant belongs to sends it. */
function receiversOf(plaintext: string): { role: string; open: () => Opened }[] {
  const core = { role: "core", open: () => advance(openCore({ plain: true })) };
  const backend = { role: "backend", open: () => advance(openBackend({ plain: true })) };
  let name = "";
  try {
    name = decodePacket(decodeHex(plaintext)).name;
  } catch {
    return [core, backend]; // what is no packet belongs to nobody
  }
  if (CORE_REQUESTS.has(name) && !BACKEND_REQUESTS.has(name)) return [backend];
  if (BACKEND_REQUESTS.has(name) && !CORE_REQUESTS.has(name)) return [core];
  return [core, backend];
}

interface Opened {
  machine: AnyMachine;
  peer: Peer;
}

/** Both machines expect id 2 behind the plain handshake; one ping makes it 3. */
function advance(opened: Opened): Opened {
  const { machine, peer } = opened;
  assertEquals(peer.nextId, 2);
  peer.read(machine.receive(peer.request("Ping"), 0));
  return opened;
}

for (const file of ["reject", "reject-more"]) {
  const { plaintexts, lenient } = vectors<{
    plaintexts: Plaintext[];
    lenient: { name: string; plaintext: string; same_as: string }[];
  }>(file);

  Deno.test(`${file}.json: plaintexts`, async (t) => {
    for (const { name, plaintext, expect } of plaintexts) {
      for (const { role, open } of receiversOf(plaintext)) {
        await t.step(`${role}: ${name}`, () => {
          const { machine, peer } = open();
          const step = machine.receive(peer.plaintext(plaintext), 0);
          if (expect === "close") {
            const code = plaintext === "" ? "size" : "malformed"; // a tag alone is too short
            assertEquals([faultOf(step)?.code, step.done], [code, true]);
            assertEquals(peer.read(step), [], "nothing is sent");
            return;
          }
          assertEquals(step.done, false);
          const [[, req, body] = []] = peer.read(step);
          assertEquals(req, 3);
          const answer = typeof body === "string" ? body : Object.values(body as object)[0][0];
          assertEquals(answer, expect.split(" ").at(-1));
          assertEquals(eventsOf(step, "request"), [], "the program does not see it");
        });
      }
    }
  });

  Deno.test(`${file}.json: lenient`, async (t) => {
    for (const { name, plaintext, same_as } of lenient) {
      for (const { role, open } of receiversOf(plaintext)) {
        await t.step(`${role}: ${name}`, () => {
          const [odd, same] = [plaintext, same_as].map((hex) => {
            const { machine, peer } = open();
            const step = machine.receive(peer.plaintext(hex), 0);
            return { events: step.events, sent: peer.read(step) };
          });
          assertEquals(odd, same);
        });
      }
    }
  });
}

Deno.test("reject.json: frames", async (t) => {
  const { frames } = vectors<{ frames: { name: string; frame: string; expect: string }[] }>(
    "reject",
  );
  for (const { name, frame, expect } of frames) {
    for (const { name: cut, chunks } of cuts(decodeHex(frame))) {
      await t.step(`${name}, ${cut}`, () => {
        const machine = makeCore();
        machine.start(0);
        machine.receive(concat([INPUTS.uuid, INPUTS.cbs_public]), 0);
        const { sent, fault } = play(machine, chunks);
        const found = fault ?? faultOf(machine.end(0));
        assertEquals(sent.length, 0);
        if (expect.includes("byte order")) {
          assertEquals(found?.code, "byte-order");
          assert(found?.message.includes('byte order "little"'));
        } else if (name.includes("stream ends")) assertEquals(found?.code, "lost");
        else if (name.includes("flipped")) assertEquals(found?.code, "cipher");
        else assertEquals(found?.code, "size");
      });
    }
  }
});

const SEQUENCE_CODES: Readonly<Record<string, string>> = {
  "close: id": "sequence",
  "close at ": "sequence",
  "close: Li": "out-of-place",
  "close: no": "unmatched",
  "close: re": "unmatched",
  "close: ha": "out-of-place",
};

Deno.test("reject.json: sequences", async (t) => {
  const { sequences } = vectors<
    { sequences: { name: string; receiver: string; frames: string[]; expect: string }[] }
  >("reject");
  for (const { name, receiver, frames, expect } of sequences) {
    const stream = decodeHex(frames.join(""));
    for (const { name: cut, chunks } of cuts(stream)) {
      await t.step(`${name}, ${cut}`, () => {
        assertEquals(receiver, "core");
        const { machine, peer } = openCore({ plain: true });
        const { sent, fault } = play(machine, chunks);
        const code = SEQUENCE_CODES[expect.slice(0, 9)];
        assertEquals(fault?.code, code);
        const numbers = expect.match(/id (\d+), expected (\d+)/);
        if (numbers !== null) {
          assert(fault?.message.includes(`packet ${numbers[1]}: expected ${numbers[2]}`));
        }
        if (code === undefined) {
          assertEquals(peer.read({ send: [sent] }), [[2, 2, "Success"], [3, 3, "Success"]]);
        } else assertEquals(sent.length, 0);
      });
    }
  }
});

Deno.test("reject-more.json: responses", async (t) => {
  const { responses } = vectors<
    { responses: { name: string; request: string; response: string; expect: string }[] }
  >("reject-more");
  const calls: Record<string, CoreCall> = {
    ListRooms: { type: "ListRooms" },
    JoinRoom: { type: "JoinRoom", room: "a" },
  };
  for (const { name, request, response, expect } of responses) {
    await t.step(name, () => {
      const { machine, peer } = openCore({ plain: true });
      const { call } = machine.request(calls[request] as CoreCall, 0);
      const step = machine.receive(peer.plaintext(response), 0);
      assertEquals([step.done, step.send], [false, []]);
      const [failure] = eventsOf(step, "failure");
      if (failure === undefined) {
        const [answer] = eventsOf(step, "answer");
        assertEquals(expect, `the call is answered with ${answer?.response.type}`);
        assertEquals(answer?.call, call);
        return;
      }
      assertEquals(failure.call, call);
      if (failure.answered) {
        assertEquals(expect, `the call fails with ${failure.code}: ${failure.message}`);
      } else {
        assertEquals([failure.code, expect], [
          "internal",
          "the call fails with internal, the session lives",
        ]);
        assertEquals(eventsOf(step, "log").length, 1);
      }
      // The session lives: another call goes through.
      machine.request({ type: "ListRooms" }, 0);
      assertEquals(
        eventsOf(machine.receive(peer.response(3, { Rooms: [] }), 0), "answer").length,
        1,
      );
    });
  }
});

interface LimitVector {
  name: string;
  receiver: string;
  state: string;
  frame?: string;
  parts?: { hex: string; times?: number }[];
  size?: number;
  sealed_sha256?: string;
  expect: string;
}

Deno.test("limits.json", async (t) => {
  const { packets } = vectors<{ packets: LimitVector[] }>("limits");
  for (const vector of packets) {
    await t.step(vector.name, async () => {
      const { machine, peer } = beginAt(vector);
      const step = machine.receive(await makeFrame(vector, peer), 0);
      if (vector.expect.startsWith("close")) {
        assertEquals([faultOf(step)?.code, step.done], ["size", true]);
        return;
      }
      assertEquals(faultOf(step), undefined);
      const [answer] = peer.read(step);
      if (vector.expect.startsWith("waits")) assertEquals(answer, undefined);
      else if (vector.expect.endsWith("Success")) assertEquals(answer, [0, 0, "Success"]);
      else assertEquals(Object.keys(answer?.[2] as object), ["Error"]);
    });
  }
});

function beginAt(vector: LimitVector): { machine: AnyMachine; peer: Peer } {
  if (vector.state === "open") return openCore({ plain: true });
  const peer = new Peer();
  if (vector.receiver === "core") {
    const machine = makeCore();
    machine.start(0);
    machine.receive(concat([INPUTS.uuid, INPUTS.cbs_public]), 0);
    return { machine, peer };
  }
  const machine = makeBackend();
  machine.start(0);
  machine.receive(concat([INPUTS.core_public, INPUTS.nonce]), 0);
  return { machine, peer };
}

async function makeFrame(vector: LimitVector, peer: Peer): Promise<Uint8Array> {
  if (vector.frame !== undefined) return decodeHex(vector.frame);
  const plaintext = concat(
    (vector.parts ?? []).map(({ hex, times = 1 }) => decodeHex(hex.repeat(times))),
  );
  const payload = peer.seal(plaintext, 0);
  assertEquals(payload.length, vector.size);
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(payload));
  assertEquals(encodeHex(hash), vector.sealed_sha256);
  return peer.frame(payload);
}

Deno.test("sealed-1-reject.json", async (t) => {
  const { cases } = vectors<
    { cases: { name: string; receiver: string; stream: string; expect: string }[] }
  >("sealed-1-reject");
  const settings = { spawnSecret: INPUTS.spawn_secret };
  for (const { name, receiver, stream, expect } of cases) {
    for (const { name: cut, chunks } of cuts(decodeHex(stream))) {
      await t.step(`${name}, ${cut}`, () => {
        const machine = receiver === "core" ? makeCore(settings) : makeBackend(settings);
        machine.start(0);
        const { events, fault } = play(machine, chunks);
        assertEquals(events.some(({ type }) => type === "open"), expect.startsWith("open"));
        if (expect.endsWith("cannot decrypt")) assertEquals(fault?.code, "cipher");
        else if (expect.endsWith("sealing is required")) {
          assertEquals(fault?.code, name.includes("unknown_request") ? "rejected" : "policy");
        } else assertEquals(fault?.code, "sequence");
      });
    }
  }
});
