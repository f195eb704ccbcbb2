/**
 * Serves the numbers over HTTP/1.1: one request a connection, which is all that a scraper needs.
 *
 * @module
 */

import { type ByteStream, NetFault } from "../net/mod.ts";
import type { Registry } from "./registry.ts";

/** A scraper's request has a few hundred bytes. */
const MAX_REQUEST_BYTES = 8 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Answers one request: GET or HEAD of `/metrics`. The stream is left to the caller to close.
 *
 * @throws {NetFault} when the connection is lost or no request comes in time.
 */
export async function serveMetrics(stream: ByteStream, registry: Registry): Promise<void> {
  const timer = setTimeout(() => stream.close(), REQUEST_TIMEOUT_MS);
  try {
    const [method, target] = (await readRequestLine(stream)).split(" ");
    const found = target === "/metrics" && (method === "GET" || method === "HEAD");
    const body = found ? registry.format() : "The numbers are at /metrics\n";
    const bytes = new TextEncoder().encode(body);
    const head = [
      found ? "HTTP/1.1 200 OK" : "HTTP/1.1 404 Not Found",
      `Content-Type: text/plain; ${found ? "version=0.0.4; " : ""}charset=utf-8`,
      `Content-Length: ${bytes.length}`,
      "Connection: close",
    ].join("\r\n");
    await stream.write(new TextEncoder().encode(`${head}\r\n\r\n${method === "HEAD" ? "" : body}`));
    await stream.closeWrite();
  } finally {
    clearTimeout(timer);
  }
}

/** Reads up to the empty line behind the headers. */
async function readRequestLine(stream: ByteStream): Promise<string> {
  const buffer = new Uint8Array(MAX_REQUEST_BYTES);
  let length = 0;
  while (length < buffer.length) {
    const count = await stream.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
    const text = new TextDecoder("latin1").decode(buffer.subarray(0, length));
    if (text.includes("\r\n\r\n")) return text.slice(0, text.indexOf("\r\n"));
  }
  throw new NetFault("lost", "Cannot serve numbers: no complete request");
}
