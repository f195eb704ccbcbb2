import { assertEquals, assertThrows } from "@std/assert";
import {
  IrcFault,
  LineDecoder,
  MAX_RECEIVED_MESSAGE_BYTES,
  MAX_SERVER_TAGS_BYTES,
} from "../../../lib/irc/mod.ts";
import { cuts } from "../../support/chunks.ts";

const utf8 = new TextEncoder();

function decode(chunks: readonly Uint8Array[]): string[] {
  const decoder = new LineDecoder();
  return chunks.flatMap((chunk) => decoder.push(chunk))
    .map((line) => new TextDecoder().decode(line));
}

Deno.test("LineDecoder gives the same lines wherever the stream is cut", async (t) => {
  const stream = utf8.encode("A\r\n\r\n\nB c :gr\u00fc\u00dfe\nC\rD\r\n@t=1 E\r\r\nunfinished");
  for (const { name, chunks } of cuts(stream)) {
    await t.step(name, () => {
      assertEquals(decode(chunks), ["A", "B c :gr\u00fc\u00dfe", "C\rD", "@t=1 E\r"]);
    });
  }
});

function codeOf(text: string, piece = text.length): string | undefined {
  const decoder = new LineDecoder();
  try {
    const bytes = utf8.encode(text);
    for (let at = 0; at < bytes.length; at += piece) decoder.push(bytes.subarray(at, at + piece));
    return undefined;
  } catch (error) {
    return error instanceof IrcFault ? error.code : String(error);
  }
}

Deno.test("LineDecoder keeps the limits for tags and message, also of lines without an end", () => {
  const message = "x".repeat(MAX_RECEIVED_MESSAGE_BYTES - 2);
  const tags = `@${"x".repeat(MAX_SERVER_TAGS_BYTES - 2)} `;
  for (const piece of [1000, 1, 1 << 20]) {
    assertEquals(codeOf(`${message}\r\n`, piece), undefined);
    assertEquals(codeOf(`${message}x\r\n`, piece), "too-long");
    assertEquals(codeOf(`${tags}${message}\r\n`, piece), undefined);
    assertEquals(codeOf(`@x${tags.slice(1)}A\r\n`, piece), "too-long");
    assertEquals(codeOf(`${tags}${message}x\r\n`, piece), "too-long");
    assertEquals(codeOf("x".repeat(100_000), piece), "too-long");
    assertEquals(codeOf("@".repeat(100_000), piece), "too-long");
  }
});

Deno.test("LineDecoder reads a long line that comes byte by byte in linear time", () => {
  const decoder = new LineDecoder();
  const started = performance.now();
  for (let lines = 0; lines < 100; lines++) {
    for (let at = 0; at < 8000; at++) decoder.push(Uint8Array.of(0x78));
    assertEquals(decoder.push(Uint8Array.of(10)).length, 1);
  }
  const elapsed = performance.now() - started;
  if (elapsed > 20_000) throw new Error(`800,000 bytes took ${elapsed} ms`);
});

Deno.test("LineDecoder goes on after lines, and ends at its fault", () => {
  const decoder = new LineDecoder();
  assertEquals(decoder.push(utf8.encode("A\r\nB")).length, 1);
  assertEquals(new TextDecoder().decode(decoder.push(utf8.encode("C\n"))[0]), "BC");
  assertThrows(() => decoder.push(new Uint8Array(20_000)), IrcFault);
});
