import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  BobFault,
  type BobFaultCode,
  openSecureChannel,
  SecurePeerMachine,
} from "../../../lib/bob/mod.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { memoryStreamPair } from "../../support/memory_stream.ts";
import { Probe } from "./probe.ts";
import { bytesOfText } from "./strangers.ts";

const OTHER = bytesOfText("10.0.0.2:40002");
const TIMEOUT_MS = 5000;

const ANSWERS: [string, BobFaultCode | undefined][] = [
  ["00", undefined],
  ["01", "secure-timeout"],
  ["02", "invalid-peer"],
  ["03", "invalid-answer"],
  ["0\0", "invalid-answer"],
  ["OK", "invalid-answer"],
  ["\xff\xff", "invalid-answer"],
];

Deno.test("SecurePeerMachine tells the relay's answers apart, wherever they are cut", async (t) => {
  for (const [answer, code] of ANSWERS) {
    await t.step(JSON.stringify(answer), () => {
      for (const after of ["", "ffffffff", "000161"]) {
        const bytes = Uint8Array.from(answer, (character) => character.charCodeAt(0));
        for (const cut of cuts(new Uint8Array([...bytes, ...decodeHex(after)]))) {
          const probe = new Probe(new SecurePeerMachine(OTHER, TIMEOUT_MS));
          assertEquals(probe.takeBytes(), encodeHex(bytesOfText("10.0.0.2:40002\n")));
          let behind = 0;
          for (const chunk of cut.chunks) {
            if (probe.done) behind += chunk.length;
            probe.feed(chunk);
          }
          const [event, ...more] = probe.takeTold();
          assertEquals(more, []);
          if (code !== undefined) assertEquals(event, { type: "fault", fault: code });
          else {
            const received = decodeHex(after).subarray(0, after.length / 2 - behind);
            assertEquals(event, { type: "open", received: String.fromCharCode(...received) });
          }
        }
      }
    });
  }
});

Deno.test("SecurePeerMachine gives up when the relay closes without an answer", () => {
  for (const before of ["", "0"]) {
    const probe = new Probe(new SecurePeerMachine(OTHER, TIMEOUT_MS));
    probe.feed(bytesOfText(before));
    probe.end();
    assertEquals(probe.takeTold(), [{ type: "fault", fault: "no-answer" }]);
    probe.feed(bytesOfText("00"));
    probe.end();
    assertEquals(probe.takeTold(), []);
  }
});

Deno.test("SecurePeerMachine gives up when its time is over, and not before", () => {
  const probe = new Probe(new SecurePeerMachine(OTHER, TIMEOUT_MS));
  probe.wait(TIMEOUT_MS - 1);
  probe.tick();
  assertEquals(probe.takeTold(), []);
  probe.wait(1);
  assertEquals(probe.takeTold(), [{ type: "fault", fault: "no-answer" }]);
  const open = new Probe(new SecurePeerMachine(OTHER, TIMEOUT_MS));
  open.feed(bytesOfText("00"));
  open.wait(2 * TIMEOUT_MS);
  open.tick();
  assertEquals(open.takeTold().length, 1);
});

Deno.test("SecurePeerMachine refuses an identity that does not fit the line", () => {
  for (const text of ["", "a\nb", "a b", "x".repeat(100)]) {
    assertThrows(() => new SecurePeerMachine(bytesOfText(text), TIMEOUT_MS), RangeError);
  }
});

/** The relay's side of a stream: what it got so far. */
async function readLine(
  stream: { read(into: Uint8Array): Promise<number | null> },
): Promise<string> {
  const buffer = new Uint8Array(200);
  const count = await stream.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, count));
}

Deno.test("openSecureChannel leaves the stream open and gives what came with the answer", async () => {
  for (const after of ["", "ffff"]) {
    const [peer, relay] = memoryStreamPair();
    const opening = openSecureChannel(peer, OTHER, { timeoutMs: TIMEOUT_MS });
    assertEquals(await readLine(relay), "10.0.0.2:40002\n");
    await relay.write(new Uint8Array([0x30, 0x30, ...decodeHex(after)]));
    assertEquals(encodeHex(await opening), after);
    await relay.write(Uint8Array.of(7));
    const buffer = new Uint8Array(10);
    assertEquals([await peer.read(buffer), buffer[0]], [1, 7]);
    peer.close();
    relay.close();
  }
});

Deno.test("openSecureChannel closes the stream when there will be no channel", async (t) => {
  const cases: Record<
    string,
    [BobFaultCode, (relay: ReturnType<typeof memoryStreamPair>[1]) => unknown]
  > = {
    "01": ["secure-timeout", (relay) => relay.write(bytesOfText("01"))],
    "02": ["invalid-peer", (relay) => relay.write(bytesOfText("02"))],
    "end of stream": ["no-answer", (relay) => relay.closeWrite()],
    "silence": ["no-answer", () => {}],
  };
  for (const [name, [code, act]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const [peer, relay] = memoryStreamPair();
      const opening = openSecureChannel(peer, OTHER, { timeoutMs: name === "silence" ? 20 : 5000 });
      await readLine(relay);
      await act(relay);
      assertEquals((await assertRejects(() => opening, BobFault)).code, code);
      assertEquals(await relay.read(new Uint8Array(1)), null);
      relay.close();
    });
  }
});

Deno.test("openSecureChannel passes on the transport's fault", async () => {
  const [peer, relay] = memoryStreamPair();
  relay.close();
  const fault = await assertRejects(
    () => openSecureChannel(peer, OTHER, { timeoutMs: TIMEOUT_MS }),
    NetFault,
  );
  assertEquals(fault.code, "lost");
});

Deno.test("openSecureChannel can be called off, before and while it waits", async () => {
  const reason = new Error("Interrupted");
  for (const late of [false, true]) {
    const [peer, relay] = memoryStreamPair();
    const controller = new AbortController();
    if (!late) controller.abort(reason);
    const { signal } = controller;
    const opening = openSecureChannel(peer, OTHER, { timeoutMs: TIMEOUT_MS, signal });
    if (late) {
      await readLine(relay);
      controller.abort(reason);
    }
    assertEquals(await assertRejects(() => opening), reason);
    assertEquals(await relay.read(new Uint8Array(1)), null);
    relay.close();
  }
});
