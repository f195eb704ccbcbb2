import { createHash } from "node:crypto";
import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { PackOutput } from "../../../lib/git/pack_output.ts";
import { Random } from "../../support/fuzz.ts";

const bytes = new Random(1).bytes(1000);

Deno.test("PackOutput: cuts pieces of one size, whatever comes in", () => {
  for (const length of [1, 7, 99, 100, 101, 1000]) {
    const output = new PackOutput(100);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < 990; at += length) {
      pieces.push(...output.push(bytes.subarray(at, Math.min(at + length, 990))));
    }
    pieces.push(...output.flush(), ...output.flush());
    assertEquals(pieces.map((piece) => piece.length), [...new Array(9).fill(100), 90]);
    assertEquals(concat(pieces), bytes.subarray(0, 990));
  }
});

Deno.test("PackOutput: pieces stay as they are when the next ones are made", () => {
  const output = new PackOutput(10);
  const pieces = [...output.push(bytes.subarray(0, 4)), ...output.flush(), ...output.push(bytes)];
  assertEquals(concat(pieces), concat([bytes.subarray(0, 4), bytes]));
});

Deno.test("PackOutput: hashes what was pushed, not how it was cut", () => {
  const output = new PackOutput(3);
  for (const _ of output.push(bytes));
  assertEquals(output.digest(), new Uint8Array(createHash("sha1").update(bytes).digest()));
});

Deno.test("PackOutput: refuses pieces without room", () => {
  for (const length of [0, -1, 1.5, NaN]) assertThrows(() => new PackOutput(length), RangeError);
});
