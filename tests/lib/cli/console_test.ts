import { assert, assertEquals, assertMatch } from "@std/assert";
import { captureConsole } from "../../support/console.ts";
import { FakeTime } from "../../support/time.ts";

Deno.test("Console.result writes results to standard output, as text or as objects", () => {
  const text = captureConsole();
  text.console.result("saved a.txt 5", { event: "saved", size: 5 });
  assertEquals([text.out.text, text.err.text], ["saved a.txt 5\n", ""]);
  const json = captureConsole({ json: true });
  json.console.result("saved a.txt 5", { event: "saved", path: 'a "b"\n', size: 5 });
  assertEquals(
    [json.out.text, json.err.text],
    ['{"event":"saved","path":"a \\"b\\"\\n","size":5}\n', ""],
  );
});

Deno.test("Console writes results with --quiet too", () => {
  for (const json of [false, true]) {
    const { console, out } = captureConsole({ quiet: true, json });
    console.result("code lusabag", { code: "lusabag" });
    assertEquals(out.text, json ? '{"code":"lusabag"}\n' : "code lusabag\n");
  }
});

Deno.test("Console keeps a result to one line, whatever is in it", () => {
  const { console, out } = captureConsole();
  console.result("saved a\nsaved b\x1b[2J\u202e\u2028c", {});
  assertEquals(out.text, "saved a\\x0asaved b\\x1b[2J\\u{202e}\\u{2028}c\n");
});

Deno.test("Console.note and error write to standard error; --quiet leaves the errors", () => {
  for (const quiet of [false, true]) {
    const { console, out, err } = captureConsole({ quiet });
    console.note("Waiting for the other side");
    console.error("Cannot connect", "Is the relay running?");
    console.error("Gone");
    assertEquals(out.text, "");
    assertEquals(
      err.text,
      `${quiet ? "" : "Waiting for the other side\n"}Cannot connect\nIs the relay running?\nGone\n`,
    );
  }
});

Deno.test("Console.note and error keep line feeds and escape other controls", () => {
  const { console, err } = captureConsole();
  console.note("two\nlines\r\x07");
  console.error("name \x1b]0;title\x07", "and\u202e hint");
  assertEquals(err.text, "two\nlines\\x0d\\x07\nname \\x1b]0;title\\x07\nand\\u{202e} hint\n");
});

Deno.test("Console.print writes a text of our own as it is", () => {
  const { console, out, err } = captureConsole({ quiet: true, json: true });
  console.print("Usage:\n\tcaf\u00e9");
  assertEquals([out.text, err.text], ["Usage:\n\tcaf\u00e9\n", ""]);
});

Deno.test("Console.ask leaves the cursor behind the question", () => {
  const { console, out, err } = captureConsole({ terminal: true });
  console.ask("Receive \x1b[1mfile? [Y/n] ");
  assertEquals([out.text, err.text], ["", "Receive \\x1b[1mfile? [Y/n] "]);
});

Deno.test("Console.isTerminal is true where a person watches", () => {
  const cases = [[false, false, false], [true, false, true], [true, true, false]] as const;
  for (const [terminal, quiet, expected] of cases) {
    assertEquals(captureConsole({ terminal, quiet }).console.isTerminal, expected);
  }
});

Deno.test("Console.progress draws on a terminal only, and not with --quiet", async () => {
  for (const [terminal, quiet] of [[false, false], [true, true], [false, true]] as const) {
    using time = new FakeTime();
    const { console, out, err } = captureConsole({ terminal, quiet });
    const progress = console.progress("Sending", 100);
    for (let i = 0; i < 20; i++) {
      await time.advance(200);
      progress.add(5);
    }
    assertEquals(progress.finish(), "100 B in 4.0 s, 25 B/s");
    assertEquals([out.text, err.text], ["", ""]);
  }
});

Deno.test("Console.progress shows nothing for what is quick", async () => {
  using time = new FakeTime();
  const { console, err } = captureConsole({ terminal: true });
  const progress = console.progress("Sending", 1000);
  await time.advance(499);
  progress.add(1000);
  assertEquals(progress.finish(), "1000 B in 499 ms, 2.0 KiB/s");
  assertEquals(err.text, "");
});

Deno.test("Console.progress draws ten times a second at most, and takes the bar away", async () => {
  using time = new FakeTime();
  const { console, err } = captureConsole({ terminal: true });
  const progress = console.progress("Sending", 2048);
  await time.advance(500);
  for (let i = 0; i < 100; i++) {
    await time.advance(10);
    progress.add(10);
  }
  const draws = err.text.split("\r").length - 1;
  assert(draws >= 9 && draws <= 11, `${draws} draws in a second`);
  assertEquals(progress.bytes, 1000);
  progress.finish();
  assert(err.text.endsWith("\r\x1b[K"));
  const length = err.text.length;
  progress.finish();
  assertEquals(err.text.length, length, "nothing to take away");
});

Deno.test("Console.progress shows how far it is, how fast, and how long it will take", async () => {
  const cases: readonly (readonly [number | undefined, number, string])[] = [
    [4096, 1024, "Sending [######..................] 25 % of 4.0 KiB, 1.0 KiB/s, 3.0 s left"],
    [4096, 4096, "Sending [########################] 100 % of 4.0 KiB, 4.0 KiB/s, 0 ms left"],
    [4096, 5000, "Sending [########################] 100 % of 4.0 KiB, 4.9 KiB/s, 0 ms left"],
    [4096, 0, "Sending [........................] 0 % of 4.0 KiB, 0 B/s"],
    [0, 0, "Sending [########################] 100 % of 0 B, 0 B/s, 0 ms left"],
    [10_000, 9999, "Sending [########################] 99 % of 9.8 KiB, 9.8 KiB/s, 0 ms left"],
    [undefined, 1024, "Sending 1.0 KiB, 1.0 KiB/s"],
  ];
  for (const [total, bytes, expected] of cases) {
    using time = new FakeTime();
    const { console, err } = captureConsole({ terminal: true });
    const progress = console.progress("Sending", total);
    await time.advance(1000);
    progress.add(bytes);
    assertEquals(err.text, `\r${expected}\x1b[K`);
  }
});

Deno.test("Console takes the bar away before it writes anything else", async () => {
  using time = new FakeTime();
  const { console, err } = captureConsole({ terminal: true });
  const progress = console.progress("Sending", undefined);
  const draw = async () => {
    await time.advance(1000);
    progress.add(1);
  };
  await draw();
  console.note("note");
  await draw();
  console.error("error");
  await draw();
  console.ask("question ");
  await draw();
  console.result("result", {});
  // deno-lint-ignore no-control-regex -- the end of a bar is an escape
  const written = err.text.replaceAll(/\rSending [^\x1b]*\x1b\[K/g, "<bar>");
  const gone = "\r\x1b[K";
  assertEquals(
    written,
    `<bar>${gone}note\n<bar>${gone}error\n<bar>${gone}question <bar>${gone}`,
  );
  assertMatch(progress.finish(), /^4 B in 4\.0 s/);
});

Deno.test("Console.progress escapes its label", async () => {
  using time = new FakeTime();
  const { console, err } = captureConsole({ terminal: true });
  const progress = console.progress("a\nb\x1b[5m", 1);
  await time.advance(1000);
  progress.add(1);
  assert(err.text.startsWith("\ra\\x0ab\\x1b[5m ["), err.text);
});
