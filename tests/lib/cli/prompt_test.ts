import { assertEquals } from "@std/assert";
import { confirm, LineInput } from "../../../lib/cli/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { captureConsole } from "../../support/console.ts";
import { memoryStreamPair } from "../../support/memory_stream.ts";
import { settle } from "../../support/time.ts";

/** Input of these chunks, at its end then. */
function inputOf(chunks: readonly (string | Uint8Array)[]): LineInput {
  const left = chunks.map((c) => typeof c === "string" ? new TextEncoder().encode(c) : c);
  return new LineInput({
    read: (into) => {
      const chunk = left.shift();
      if (chunk !== undefined) into.set(chunk);
      return Promise.resolve(chunk?.length ?? null);
    },
  });
}

async function linesOf(input: LineInput): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await input.next(); line !== undefined; line = await input.next()) {
    lines.push(line);
  }
  return lines;
}

Deno.test("LineInput reads lines however the input is cut", async () => {
  const bytes = new TextEncoder().encode("one\r\n\ncaf\u00e9\nlast");
  for (const { name, chunks } of cuts(bytes)) {
    assertEquals(await linesOf(inputOf(chunks)), ["one", "", "caf\u00e9", "last"], name);
  }
});

Deno.test("LineInput ends with the input, a last line without its line feed included", async () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[], []],
    [["a"], ["a"]],
    [["a\n"], ["a"]],
    [["\n"], [""]],
    [["a\nb\n", "c"], ["a", "b", "c"]],
  ];
  for (const [chunks, expected] of cases) {
    const input = inputOf(chunks);
    assertEquals(await linesOf(input), expected, JSON.stringify(chunks));
    assertEquals(await input.next(), undefined, "and stays there");
  }
});

Deno.test("LineInput takes a terminal that hung up for the end", async () => {
  const input = new LineInput({ read: () => Promise.reject(new Error("Input/output error")) });
  assertEquals(await input.next(), undefined);
});

Deno.test("LineInput.next that is called off loses nothing of what is typed later", async () => {
  const [keyboard, typing] = memoryStreamPair();
  const input = new LineInput(keyboard);
  const controller = new AbortController();
  const first = input.next(controller.signal);
  await typing.write(new TextEncoder().encode("ye"));
  await settle();
  controller.abort();
  assertEquals(await first, undefined);
  assertEquals(await input.next(controller.signal), undefined, "called off before");
  const second = input.next();
  await typing.write(new TextEncoder().encode("s\n"));
  assertEquals(await second, "yes");
});

Deno.test("confirm takes yes, no, an empty line and the end of input", async () => {
  const cases: readonly (readonly [readonly string[], boolean])[] = [
    [["\n"], true],
    [["y\n"], true],
    [[" YES \n"], true],
    [["n\n"], false],
    [["No\r\n"], false],
    [[], false],
    [["maybe\n", "y\n"], true],
  ];
  for (const [chunks, expected] of cases) {
    const { console } = captureConsole();
    assertEquals(await confirm(console, inputOf(chunks), "Go on?"), expected, String(chunks));
  }
});

Deno.test("confirm asks again until the answer is one", async () => {
  const { console, out, err } = captureConsole({ terminal: true });
  assertEquals(await confirm(console, inputOf(["\x1b[A\nno\n"]), "Go on?"), false);
  assertEquals(
    err.text,
    'Go on? [Y/n] "\\x1b[a" is neither yes nor no\nGo on? [Y/n] ',
  );
  assertEquals(out.text, "");
});

Deno.test("confirm ends its line where the input ends without an answer", async () => {
  const { console, err } = captureConsole();
  assertEquals(await confirm(console, inputOf([]), "Go on?"), false);
  assertEquals(err.text, "Go on? [Y/n] \n");
});

Deno.test("confirm is no when it is called off", async () => {
  const [keyboard] = memoryStreamPair();
  const controller = new AbortController();
  const { console } = captureConsole();
  const answer = confirm(console, new LineInput(keyboard), "Go on?", controller.signal);
  await settle();
  controller.abort();
  assertEquals(await answer, false);
});
