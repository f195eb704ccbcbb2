import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { hkdfSync } from "node:crypto";
import {
  deriveSealed1Keys,
  formatSpawnLine,
  parseSpawnLine,
  SPAWN_LINE_BYTES,
  TribaFault,
} from "../../../lib/triba/mod.ts";
import { INPUTS, vectors } from "./support.ts";

interface Derivation {
  inputs: { spawn_line: string };
  derivation: Record<
    "ikm" | "salt" | "info" | "okm" | "core_to_cbs_key" | "cbs_to_core_key",
    string
  >;
}

const { inputs, derivation } = vectors<Derivation>("sealed-1");

const INPUT = {
  packetKey: INPUTS.packet_key,
  spawnSecret: INPUTS.spawn_secret,
  id: INPUTS.uuid,
  nonce: INPUTS.nonce,
  coreKey: INPUTS.core_public,
  backendKey: INPUTS.cbs_public,
};

Deno.test("sealed-1.json: derivation", () => {
  const keys = deriveSealed1Keys(INPUT);
  assertEquals(encodeHex(keys.coreToBackend), derivation.core_to_cbs_key);
  assertEquals(encodeHex(keys.backendToCore), derivation.cbs_to_core_key);
  const [ikm, salt, info] = [derivation.ikm, derivation.salt, derivation.info].map((hex) =>
    decodeHex(hex)
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const second = new Uint8Array(hkdfSync("sha256", ikm, salt, info, 64));
  assertEquals(encodeHex(second), derivation.okm);
});

Deno.test("deriveSealed1Keys: every input changes both keys", () => {
  const keys = deriveSealed1Keys(INPUT);
  for (const name of Object.keys(INPUT) as (keyof typeof INPUT)[]) {
    const changed = INPUT[name].slice();
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 0x80;
    const others = deriveSealed1Keys({ ...INPUT, [name]: changed });
    assertEquals(encodeHex(others.coreToBackend) === encodeHex(keys.coreToBackend), false, name);
    assertEquals(encodeHex(others.backendToCore) === encodeHex(keys.backendToCore), false, name);
  }
});

Deno.test("deriveSealed1Keys: an input of another length is the caller's mistake", () => {
  for (const name of Object.keys(INPUT) as (keyof typeof INPUT)[]) {
    const shorter = { ...INPUT, [name]: INPUT[name].subarray(1) };
    assertThrows(() => deriveSealed1Keys(shorter), RangeError, undefined, name);
  }
});

Deno.test("formatSpawnLine and parseSpawnLine: the vector's line, there and back", () => {
  assertEquals(formatSpawnLine(INPUTS.spawn_secret), inputs.spawn_line);
  const line = new TextEncoder().encode(inputs.spawn_line);
  assertEquals(line.length, SPAWN_LINE_BYTES);
  assertEquals(parseSpawnLine(line), INPUTS.spawn_secret);
  assertThrows(() => formatSpawnLine(new Uint8Array(31)), RangeError, "31");
});

Deno.test("parseSpawnLine: refuses all else, and repeats nothing of it", () => {
  const line = inputs.spawn_line;
  const wrong = [
    "",
    line.slice(0, -1),
    line.slice(1),
    `${line}\n`,
    line.replace("=", "A"),
    line.replace("\n", "\r"),
    line.replace("8=", "9="), // unused bits
    ` ${line.slice(1)}`,
    line.replace("o", "_"),
  ];
  for (const text of wrong) {
    const parse = () => parseSpawnLine(new TextEncoder().encode(text));
    const fault = assertThrows(parse, TribaFault, undefined, JSON.stringify(text));
    assertEquals(fault.code, "spawn-secret");
    assertEquals(fault.message.includes("oKGio6"), false);
  }
});
