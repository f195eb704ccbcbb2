import { assertEquals, assertRejects } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { BobFault, type BobFaultCode } from "../../../lib/bob/fault.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import { readEnding } from "../../../lib/bob/record_ending.ts";
import { cuts } from "../../support/chunks.ts";
import { bytesOf, SESSIONS, sourceOf } from "./sessions.ts";

Deno.test("readEnding tells a marker from the end of the stream", async () => {
  const cases: [string, "marker" | "end-of-stream"][] = [
    ["ffffffff", "marker"],
    ["ffff", "marker"],
    ["ffffffffffffffff", "marker"],
    ["ffff0001", "marker"],
    ["", "end-of-stream"],
  ];
  for (const [hex, ending] of cases) {
    for (const cut of cuts(decodeHex(hex))) {
      assertEquals(await readEnding(sourceOf(cut.chunks.filter((c) => c.length > 0))), ending, hex);
    }
    assertEquals(await readEnding(sourceOf([]), decodeHex(hex)), ending, hex);
  }
});

Deno.test("readEnding finds the marker that ends each recorded transfer", async () => {
  for (const session of SESSIONS.filter(({ records }) => records !== undefined)) {
    const answer = bytesOf(session, "sender/secure", "relay->peer").subarray(2); // behind "00"
    assertEquals(await readEnding(sourceOf([answer])), "marker", session.name);
  }
});

Deno.test("readEnding reports what a receiver never sends", async () => {
  const cases: [string, BobFaultCode][] = [
    ["0001" + "00".repeat(17), "unexpected-record"],
    ["0000" + "00".repeat(16) + "ffffffff", "unexpected-record"],
    ["8000", "oversized-record"],
    ["ff", "connection-lost"],
    ["00", "connection-lost"],
    ["000100", "connection-lost"],
  ];
  for (const [hex, code] of cases) {
    for (const cut of cuts(decodeHex(hex))) {
      const fault = await assertRejects(() => readEnding(sourceOf(cut.chunks)), BobFault);
      assertEquals(fault.code, code, `${hex}, ${cut.name}`);
    }
  }
});

Deno.test("readEnding passes on the transport's fault", async () => {
  const lost = new NetFault("lost", "Cannot read: reset");
  assertEquals(await assertRejects(() => readEnding(sourceOf([], lost))), lost);
});
