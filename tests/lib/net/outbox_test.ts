import { assert, assertEquals, assertRejects } from "@std/assert";
import { NetFault, Outbox } from "../../../lib/net/mod.ts";
import { memoryStreamPair, readAll } from "../../support/memory_stream.ts";
import { settle } from "../../support/time.ts";

Deno.test("Outbox writes everything in order", async () => {
  const [ours, theirs] = memoryStreamPair(5);
  const outbox = new Outbox(ours, 1000);
  const received = readAll(theirs);
  for (let i = 0; i < 100; i++) assertEquals(outbox.push(Uint8Array.of(i, i)), true);
  await outbox.flush();
  ours.close();
  assertEquals(await received, Uint8Array.from({ length: 200 }, (_, i) => i >> 1));
});

Deno.test("Outbox.push never waits for a peer that does not read", async () => {
  const [ours, theirs] = memoryStreamPair(3);
  const outbox = new Outbox(ours, 8);
  assertEquals(outbox.push(new Uint8Array(4)), true);
  assertEquals(outbox.push(new Uint8Array(4)), true);
  assertEquals(outbox.queued, 8);
  await settle();
  assertEquals(outbox.queued, 8, "bytes that are being written still count");
  const received = readAll(theirs);
  await outbox.flush();
  assertEquals(outbox.queued, 0);
  ours.close();
  assertEquals((await received).length, 8);
});

Deno.test("Outbox refuses what does not fit, whole, and takes what does", async () => {
  const [ours, theirs] = memoryStreamPair(1);
  const outbox = new Outbox(ours, 4);
  assertEquals(outbox.push(Uint8Array.of(1, 2)), true);
  assertEquals(outbox.push(Uint8Array.of(8, 8, 8)), false);
  assertEquals(outbox.push(Uint8Array.of(3, 4)), true);
  assertEquals(outbox.push(Uint8Array.of(8)), false);
  assertEquals(outbox.push(new Uint8Array()), true);
  const received = readAll(theirs);
  await outbox.flush();
  assertEquals(outbox.push(new Uint8Array(5)), false);
  ours.close();
  assertEquals(await received, Uint8Array.of(1, 2, 3, 4));
});

Deno.test("Outbox.flush waits for what is pushed while it waits", async () => {
  const [ours, theirs] = memoryStreamPair(2);
  const outbox = new Outbox(ours, 100);
  outbox.push(new Uint8Array(6));
  let flushed = false;
  const flushing = outbox.flush().then(() => flushed = true);
  await theirs.read(new Uint8Array(2));
  outbox.push(new Uint8Array(6));
  for (let read = 2; read < 10; read += 2) {
    await settle();
    assert(!flushed, `after ${read} bytes`);
    assertEquals(await theirs.read(new Uint8Array(12)), 2);
  }
  await flushing;
  assertEquals(outbox.queued, 0);
});

Deno.test("Outbox.flush of an empty outbox resolves at once", async () => {
  const [ours] = memoryStreamPair();
  await new Outbox(ours, 1).flush();
});

Deno.test("Outbox closes the stream when a write fails, and says why to everybody", async () => {
  const [ours] = memoryStreamPair();
  const broken = Promise.withResolvers<void>();
  ours.write = () => broken.promise;
  const outbox = new Outbox(ours, 100);
  const reading = assertRejects(() => ours.read(new Uint8Array(1)), NetFault, "closed");
  assertEquals(outbox.failure, undefined);
  outbox.push(new Uint8Array(5));
  outbox.push(new Uint8Array(5));
  await settle();
  broken.reject(new NetFault("lost", "Cannot write: broken pipe"));
  const fault = await assertRejects(() => outbox.flush(), NetFault, "broken pipe");
  assertEquals(fault.code, "lost");
  assertEquals(ours.closed, true);
  await reading;
  assertEquals(outbox.failure, fault);
  assertEquals(outbox.queued, 0, "nothing waits that nobody will write");
  assertEquals(outbox.push(Uint8Array.of(1)), false);
  await assertRejects(() => outbox.flush(), NetFault, "broken pipe");
});
