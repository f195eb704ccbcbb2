// Content of any kind, cut anywhere, becomes a stream that zlib turns back into it.

import { inflateSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { SEGMENT_BYTES, ZlibEncoder } from "../../lib/zlib/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";

/** Stretches that shrink and stretches that do not. */
function randomContent(random: Random): Uint8Array {
  const unit = random.bytes(256);
  return concat(
    Array.from({ length: random.below(4) }, () => {
      const length = random.below(random.below(30) === 0 ? 2 * SEGMENT_BYTES : 3000);
      const fill = random.below(256);
      if (random.bool()) return new Uint8Array(length).fill(fill);
      // Fast, and yet without repetitions that deflating could use.
      let state = random.next();
      return new Uint8Array(length).map((_, i) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state >>> 24) ^ (unit[i & 255] as number);
      });
    }),
  );
}

fuzz("zlib: encoder", (random) => {
  const content = randomContent(random);
  const encoder = new ZlibEncoder(content.length, random.pick(["auto", "deflate", "store"]));
  const most = random.pick([100, 20_000, SEGMENT_BYTES, content.length + 1]);
  const output: Uint8Array[] = [];
  for (let at = 0; at < content.length;) {
    const chunk = content.slice(at, at + 1 + random.below(most));
    for (const bytes of encoder.push(chunk)) output.push(bytes.slice());
    chunk.fill(0);
    at += chunk.length;
  }
  for (const bytes of encoder.finish()) output.push(bytes.slice());
  const inflated = inflateSync(concat(output));
  assertEquals(inflated.length, content.length);
  assertEquals(inflated.equals(content), true);
});
