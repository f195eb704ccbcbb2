import { assertEquals } from "@std/assert";
import {
  createLogger,
  LOG_LEVELS,
  type LogFields,
  type LoggerOptions,
  SILENT,
} from "../../../lib/log/mod.ts";

const NOON = new Date(Date.UTC(2026, 10, 21, 12, 0, 0, 7));

function logged(
  options: Partial<LoggerOptions>,
  write: (logger: ReturnType<typeof createLogger>) => void,
): string[] {
  const lines: string[] = [];
  write(createLogger({
    format: "text",
    level: "info",
    write: (line) => lines.push(line),
    clock: () => NOON,
    ...options,
  }));
  return lines;
}

Deno.test("createLogger drops what is below its level, in both formats", () => {
  for (const format of ["text", "json"] as const) {
    for (const [i, level] of LOG_LEVELS.entries()) {
      const lines = logged({ format, level }, (log) => {
        for (const at of LOG_LEVELS) log[at](at);
      });
      assertEquals(lines.length, i + 1, `${format} ${level}`);
    }
  }
});

Deno.test("createLogger writes text with the level in front where it is not info", () => {
  const lines = logged({ level: "debug" }, (log) => {
    for (const at of LOG_LEVELS) log[at]("happened", { n: 1 });
  });
  assertEquals(lines, [
    "error: happened n=1",
    "warn: happened n=1",
    "happened n=1",
    "debug: happened n=1",
  ]);
});

Deno.test("createLogger writes fields as text that a program can take apart", () => {
  const cases: readonly (readonly [LogFields, string])[] = [
    [{}, ""],
    [{ peer: "10.0.0.1", port: 9000 }, " peer=10.0.0.1 port=9000"],
    [{ gone: undefined, left: null, on: true }, " left=null on=true"],
    [{ name: "two words" }, ' name="two words"'],
    [{ name: 'say "hi"' }, ' name="say \\"hi\\""'],
    [{ name: "a=b" }, ' name="a=b"'],
    [{ name: "" }, " name="],
    [{ name: "caf\u00e9" }, " name=caf\u00e9"],
    [{ list: [1, "b"], object: { a: 1 } }, ' list=[1,"b"] object={"a":1}'],
    [{ size: 2n ** 64n }, ' size="18446744073709551616"'],
  ];
  for (const [fields, expected] of cases) {
    assertEquals(logged({}, (log) => log.info("x", fields)), [`x${expected}`]);
  }
});

Deno.test("createLogger keeps a text event to one line and forges none", () => {
  const lines = logged({}, (log) => {
    log.info("joined\nerror: forged", { name: "a\nb", nick: "x\x1b[2J", mark: "\u202e" });
    log.info("y", { list: ["a\nb", "\x9b"] });
  });
  assertEquals(lines, [
    'joined\\x0aerror: forged name="a\\nb" nick=x\\x1b[2J mark=\\u{202e}',
    'y list=["a\\nb","\\u009b"]',
  ]);
});

Deno.test("createLogger writes one JSON object a line with time, level and event", () => {
  const [line = ""] = logged({ format: "json" }, (log) =>
    log.warn("lost", {
      peer: "10.0.0.1",
      gone: undefined,
      text: 'a "b"\n\u2028',
      half: "\ud800",
      size: 2n ** 63n,
    }));
  assertEquals(line.includes("\n"), false);
  assertEquals(line.includes("\ud800"), false);
  assertEquals(JSON.parse(line), {
    time: "2026-11-21T12:00:00.007Z",
    level: "warn",
    event: "lost",
    peer: "10.0.0.1",
    text: 'a "b"\n\u2028',
    half: "\ud800",
    size: "9223372036854775808",
  });
});

Deno.test("SILENT drops everything", () => {
  for (const at of LOG_LEVELS) SILENT[at]("x", { n: 1 });
});
