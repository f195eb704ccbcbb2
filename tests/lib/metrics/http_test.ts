import { assertEquals, assertRejects } from "@std/assert";
import { Registry, serveMetrics } from "../../../lib/metrics/mod.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { memoryStreamPair, readAll } from "../../support/memory_stream.ts";
import { FakeTime, settle } from "../../support/time.ts";

function registry(): Registry {
  const numbers = new Registry();
  numbers.counter("caf\u00e9_total", "Cups").add({}, 3);
  return numbers;
}

const BODY = registry().format();
const OK = [
  "HTTP/1.1 200 OK",
  "Content-Type: text/plain; version=0.0.4; charset=utf-8",
  `Content-Length: ${new TextEncoder().encode(BODY).length}`,
  "Connection: close",
  "",
  "",
].join("\r\n");
const NOT_FOUND_BODY = "The numbers are at /metrics\n";
const NOT_FOUND = [
  "HTTP/1.1 404 Not Found",
  "Content-Type: text/plain; charset=utf-8",
  `Content-Length: ${NOT_FOUND_BODY.length}`,
  "Connection: close",
  "",
  "",
].join("\r\n");

async function answer(chunks: readonly Uint8Array[]): Promise<string> {
  const [ours, theirs] = memoryStreamPair();
  const serving = serveMetrics(ours, registry());
  for (const chunk of chunks) {
    await theirs.write(chunk);
  }
  const text = new TextDecoder().decode(await readAll(theirs));
  await serving;
  return text;
}

function request(head: string): Uint8Array {
  return new TextEncoder().encode(`${head}\r\nHost: localhost\r\nAccept: */*\r\n\r\n`);
}

Deno.test("serveMetrics answers one request", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["GET /metrics HTTP/1.1", OK + BODY],
    ["GET /metrics HTTP/1.0", OK + BODY],
    ["HEAD /metrics HTTP/1.1", OK],
    ["GET / HTTP/1.1", NOT_FOUND + NOT_FOUND_BODY],
    ["HEAD / HTTP/1.1", NOT_FOUND],
    ["POST /metrics HTTP/1.1", NOT_FOUND + NOT_FOUND_BODY],
    ["GET /metrics/../x HTTP/1.1", NOT_FOUND + NOT_FOUND_BODY],
    ["rubbish", NOT_FOUND + NOT_FOUND_BODY],
  ];
  for (const [head, expected] of cases) {
    assertEquals(await answer([request(head)]), expected, head);
  }
});

Deno.test("serveMetrics reads the request however it is cut", async () => {
  for (const { name, chunks } of cuts(request("GET /metrics HTTP/1.1"))) {
    assertEquals(await answer(chunks), OK + BODY, name);
  }
});

Deno.test("serveMetrics gives up on what is no complete request", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["half a request", "GET /metrics HTTP/1.1\r\nHost: x\r\n"],
    ["too long a request", `GET /metrics HTTP/1.1\r\nCookie: ${"x".repeat(9000)}`],
  ];
  for (const [name, text] of cases) {
    const [ours, theirs] = memoryStreamPair();
    await theirs.write(new TextEncoder().encode(text));
    await theirs.closeWrite();
    const fault = await assertRejects(
      () => serveMetrics(ours, registry()),
      NetFault,
      "no complete request",
    );
    assertEquals(fault.code, "lost", name);
  }
});

Deno.test("serveMetrics closes a connection on which no request comes in time", async () => {
  using time = new FakeTime();
  const [ours, theirs] = memoryStreamPair();
  const serving = assertRejects(() => serveMetrics(ours, registry()), NetFault);
  await theirs.write(request("GET /metrics HTTP/1.1").subarray(0, 9));
  await time.advance(9999);
  assertEquals(ours.closed, false);
  await time.advance(1);
  assertEquals((await serving).code, "closed");
  assertEquals(time.pending, []);
});

Deno.test("serveMetrics does not wait for ever for a peer that does not read", async () => {
  using time = new FakeTime();
  const [ours, theirs] = memoryStreamPair(20);
  const serving = assertRejects(() => serveMetrics(ours, registry()), NetFault);
  const writing = theirs.write(request("GET /metrics HTTP/1.1"));
  await settle();
  await writing;
  await time.advance(10_000);
  await serving;
  assertEquals(time.pending, []);
});
