import { assertEquals } from "@std/assert";
import {
  LAST_LINES,
  LineDecoder,
  LogLines,
  MAX_LINE_BYTES,
  MAX_LINES_PER_SECOND,
} from "../../../lib/triba/mod.ts";
import { cuts } from "../../support/chunks.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("LineDecoder: lines come out whole, however the bytes are cut", () => {
  const bytes = utf8("one\nzw\u00f6lf\r\n\nla\u{1f600}st");
  for (const { name, chunks } of cuts(bytes)) {
    const decoder = new LineDecoder();
    const lines = chunks.flatMap((chunk) => decoder.push(chunk));
    assertEquals([...lines, ...decoder.end()], ["one", "zw\u00f6lf", "", "la\u{1f600}st"], name);
  }
});

Deno.test("LineDecoder: control characters are escaped, bytes that are no text replaced", () => {
  const decoder = new LineDecoder();
  assertEquals(decoder.push(utf8("\x1b[2J\x07 \u202egnp.exe\n")), [
    "\\x1b[2J\\x07 \\u{202e}gnp.exe",
  ]);
  assertEquals(decoder.push(Uint8Array.of(0x61, 0xff, 0x62, 0x0a)), ["a\ufffdb"]);
});

Deno.test("LineDecoder: a line is cut at 8 KiB, and takes no more memory however long it is", () => {
  const decoder = new LineDecoder();
  for (let i = 0; i < 100; i++) assertEquals(decoder.push(new Uint8Array(10_000).fill(0x61)), []);
  const [line] = decoder.push(utf8("end\nnext\n"));
  assertEquals(line, `${"a".repeat(MAX_LINE_BYTES)} [cut]`);
  assertEquals(decoder.push(utf8(`${"b".repeat(MAX_LINE_BYTES)}\n`)), ["b".repeat(MAX_LINE_BYTES)]);
  assertEquals(decoder.end(), []);
});

Deno.test("LogLines: standard error at info, standard output at debug, each cut by itself", () => {
  const lines = new LogLines();
  assertEquals(lines.push("stdout", utf8("half "), 0), []);
  assertEquals(lines.push("stderr", utf8("warning\n"), 0), [{ level: "info", text: "warning" }]);
  assertEquals(lines.push("stdout", utf8("line\nrest"), 0), [{
    level: "debug",
    text: "half line",
  }]);
  assertEquals(lines.end(1), [{ level: "debug", text: "rest" }]);
  assertEquals(lines.last, ["warning", "half line", "rest"]);
});

Deno.test("LogLines: 200 lines a second, then the number of the others", () => {
  const lines = new LogLines();
  const flood = utf8("x\n".repeat(250));
  assertEquals(lines.push("stderr", flood, 5000).length, MAX_LINES_PER_SECOND);
  assertEquals(lines.push("stdout", flood, 5500), []);
  assertEquals(lines.wakeAt, 6000);
  assertEquals(lines.tick(5999), []);
  assertEquals(lines.tick(6000), [{ level: "warn", text: "Lines left out: 300" }]);
  assertEquals(lines.wakeAt, undefined);
  assertEquals(lines.push("stderr", utf8("again\n"), 6001), [{ level: "info", text: "again" }]);
});

Deno.test("LogLines: the number is told with the next line or at the end too", () => {
  const next = new LogLines();
  next.push("stderr", utf8("x\n".repeat(201)), 1000);
  assertEquals(next.push("stderr", utf8("y\n"), 2500).map(({ text }) => text), [
    "Lines left out: 1",
    "y",
  ]);
  const end = new LogLines();
  end.push("stderr", utf8("x\n".repeat(202)), 1000);
  assertEquals(end.end(1001).map(({ text }) => text), ["Lines left out: 2"]);
});

Deno.test("LogLines.last: the last 20, those left out included", () => {
  const lines = new LogLines();
  lines.push("stderr", utf8(Array.from({ length: 500 }, (_, i) => `${i}\n`).join("")), 0);
  assertEquals(lines.last.length, LAST_LINES);
  assertEquals([lines.last[0], lines.last.at(-1)], ["480", "499"]);
});

Deno.test("LogLines: a flood in one piece is counted, shown and kept like one line by line", () => {
  const numbers = Array.from({ length: 1000 }, (_, i) => `${i}\n`);
  const [whole, single] = [new LogLines(), new LogLines()];
  const begin = whole.push("stdout", utf8("beg"), 0);
  const shown = [...begin, ...whole.push("stdout", utf8(`in\n${numbers.join("")}rest`), 0)];
  const expected = ["begin\n", ...numbers].flatMap((line) => single.push("stdout", utf8(line), 0));
  assertEquals(shown, expected);
  assertEquals(whole.last, single.last);
  assertEquals(whole.tick(1000), single.tick(1000));
  assertEquals(whole.end(1001), [{ level: "debug", text: "rest" }]);
});
