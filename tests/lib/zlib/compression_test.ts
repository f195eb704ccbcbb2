import { assertEquals } from "@std/assert";
import { compressionPolicy, SEGMENT_BYTES } from "../../../lib/zlib/mod.ts";
import { Random } from "../../support/fuzz.ts";

const random = new Random(1).bytes(SEGMENT_BYTES);
const zeros = new Uint8Array(SEGMENT_BYTES);

Deno.test("compressionPolicy: deflate tries everything and keeps what grows", () => {
  const policy = compressionPolicy("deflate");
  assertEquals([policy.storing, policy.tries(random), policy.keeps(100, 200)], [false, true, true]);
});

Deno.test("compressionPolicy: store tries nothing", () => {
  const policy = compressionPolicy("store");
  assertEquals([policy.storing, policy.tries(zeros)], [true, false]);
});

Deno.test("compressionPolicy: auto tries what shrinks, segment after segment", () => {
  const policy = compressionPolicy("auto");
  for (let i = 0; i < 100; i++) {
    assertEquals([policy.tries(zeros), policy.keeps(SEGMENT_BYTES, 300)], [true, true]);
  }
});

Deno.test("compressionPolicy: auto keeps a segment that loses 3 per cent, and none that does not", () => {
  for (const [after, kept] of [[96_999, true], [97_000, true], [97_005, false], [99_000, false]]) {
    assertEquals(compressionPolicy("auto").keeps(100_000, after as number), kept, `${after}`);
  }
});

Deno.test("compressionPolicy: auto keeps what is smaller than stored when it is very small", () => {
  assertEquals(compressionPolicy("auto").keeps(13, 15), true);
  assertEquals(compressionPolicy("auto").keeps(13, 18), false);
});

Deno.test("compressionPolicy: auto looks anew after distances that double up to 16 MiB", () => {
  const policy = compressionPolicy("auto");
  const stored: number[] = [];
  for (let i = 0; i < 8; i++) {
    assertEquals(policy.tries(random), false);
    let segments = 0;
    while (policy.storing) {
      assertEquals(policy.tries(zeros), false);
      segments++;
    }
    stored.push(segments);
  }
  assertEquals(stored, [1, 2, 4, 8, 16, 32, 64, 64]);
});

Deno.test("compressionPolicy: auto begins to deflate again where content shrinks again", () => {
  const policy = compressionPolicy("auto");
  assertEquals(policy.tries(random), false);
  assertEquals(policy.tries(random), false);
  assertEquals([policy.tries(zeros), policy.keeps(SEGMENT_BYTES, 300)], [true, true]);
});

Deno.test("compressionPolicy: auto judges by the middle, not by a header that shrinks", () => {
  const media = random.slice();
  media.fill(0, 0, 100_000);
  assertEquals(compressionPolicy("auto").tries(media), false);
});

Deno.test("compressionPolicy: auto tries a small segment as a whole", () => {
  assertEquals(compressionPolicy("auto").tries(random.subarray(0, 1 << 16)), true);
});
