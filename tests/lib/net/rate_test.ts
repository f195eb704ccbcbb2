import { assert, assertEquals } from "@std/assert";
import { TokenBucket, TokenBuckets } from "../../../lib/net/mod.ts";

function takeMany(bucket: TokenBucket, tries: number, now: number): number {
  return Array.from({ length: tries }, () => bucket.tryTake(now)).filter(Boolean).length;
}

Deno.test("TokenBucket starts with the tokens of one second", () => {
  const bucket = new TokenBucket(20, 5000);
  assertEquals(bucket.isFull(5000), true);
  assertEquals(takeMany(bucket, 100, 5000), 20);
  assertEquals(bucket.isFull(5000), false);
});

Deno.test("TokenBucket fills at its rate, and no further than one second", () => {
  const bucket = new TokenBucket(20, 0);
  takeMany(bucket, 20, 0);
  assertEquals(bucket.tryTake(49), false);
  assertEquals(bucket.tryTake(50), true);
  assertEquals(bucket.tryTake(50), false);
  assertEquals(takeMany(bucket, 100, 550), 10);
  assertEquals(takeMany(bucket, 100, 1e9), 20);
});

Deno.test("TokenBucket.tryTake that fails takes nothing", () => {
  const bucket = new TokenBucket(1, 0);
  bucket.tryTake(0);
  for (let now = 1; now < 1000; now += 7) assertEquals(bucket.tryTake(now), false);
  assertEquals(bucket.tryTake(1001), true);
});

Deno.test("TokenBucket.takeAll goes into debt and says how long it takes to pay", () => {
  const bucket = new TokenBucket(1000, 0);
  assertEquals(bucket.takeAll(1000, 0), 0);
  assertEquals(bucket.takeAll(500, 0), 500);
  assertEquals(bucket.takeAll(0, 300), 200);
  assertEquals(bucket.tryTake(500), false);
  assertEquals(bucket.tryTake(501), true);
  assertEquals(bucket.takeAll(1_000_000, 501), 1_000_000);
});

Deno.test("TokenBucket.takeAll holds a reader to the rate over time", () => {
  const bucket = new TokenBucket(1000, 0);
  let now = 0;
  for (let read = 0; read < 50_000; read += 700) now += bucket.takeAll(700, now);
  assert(now >= 48_000 && now <= 51_000, `50,000 bytes took ${now} ms`);
});

Deno.test("TokenBucket.isFull says when a new one would be no different", () => {
  const bucket = new TokenBucket(10, 0);
  bucket.takeAll(15, 0);
  assertEquals(bucket.isFull(1499), false);
  assertEquals(bucket.isFull(1500), true);
});

Deno.test("TokenBuckets keeps keys apart", () => {
  const buckets = new TokenBuckets(2);
  assertEquals(takeMany(buckets.of("a", 0), 9, 0), 2);
  assertEquals(takeMany(buckets.of("b", 0), 9, 0), 2);
  assertEquals(buckets.of("a", 10).tryTake(10), false);
});

Deno.test("TokenBuckets forgets full buckets and no others", () => {
  const buckets = new TokenBuckets(1);
  const full = buckets.of("full", 0);
  const indebted = buckets.of("indebted", 0);
  indebted.takeAll(3601, 0);
  buckets.of("other", 5000);
  assert(buckets.of("full", 5000) !== full);
  assert(buckets.of("indebted", 5000) === indebted);
  assertEquals(buckets.of("indebted", 5000).tryTake(5000), false);
});

Deno.test("TokenBucket has the burst that it is given, and says when the next token is there", () => {
  const bucket = new TokenBucket(0.5, 0, 5);
  assertEquals(takeMany(bucket, 100, 0), 5);
  assertEquals(bucket.untilNext(0), 2000);
  assertEquals(bucket.untilNext(1500), 500);
  assertEquals(bucket.tryTake(1999), false);
  assertEquals(bucket.tryTake(2000), true);
  assertEquals(takeMany(bucket, 100, 1e9), 5);
  assertEquals(bucket.untilNext(1e9), 2000);
  assertEquals(bucket.isFull(1e9 + 10_000), true);
});
