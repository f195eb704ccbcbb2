import { assertEquals, assertThrows } from "@std/assert";
import { asText, bytes, flag, integer, list, oneOf, seconds, value } from "../../../lib/cli/mod.ts";

interface Reader {
  readonly name: string;
  readonly read: (text: string) => unknown;
  readonly good: readonly (readonly [string, unknown])[];
  readonly bad: readonly string[];
  readonly reason: string;
}

const READERS: readonly Reader[] = [
  {
    name: "integer",
    read: integer(1, 65535),
    good: [["1", 1], ["65535", 65535], ["007", 7]],
    bad: [
      "0",
      "65536",
      "-1",
      "+1",
      "1.0",
      "1e3",
      "0x10",
      " 1",
      "1 ",
      "",
      "1_000",
      "\u0661",
      "9e99",
    ],
    reason: "must be a whole number from 1 to 65535",
  },
  {
    name: "seconds",
    read: seconds,
    good: [["1", 1000], ["0.5", 500], ["0.0001", 1], ["100000000", 1e11], ["01.50", 1500]],
    bad: ["0", "0.0", "-1", ".5", "5.", "1s", "1e3", "Infinity", "NaN", "", " 1", "100000001"],
    reason: "must be a number of seconds above 0",
  },
  {
    name: "bytes",
    read: bytes,
    good: [
      ["0", 0],
      ["1000000", 1_000_000],
      ["64K", 65536],
      ["64k", 65536],
      ["64KiB", 65536],
      ["500M", 500 * 2 ** 20],
      ["2G", 2 ** 31],
      ["2gb", 2 ** 31],
      ["1TiB", 2 ** 40],
      ["7B", 7],
      ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ],
    bad: ["", "K", "1.5M", "-1", "1 K", "1P", "1KK", "1iB1", "9007199254740992", "9999T", "0x1"],
    reason: "must be a size in bytes such as 1000000, 64K, 500M or 2G",
  },
  {
    name: "oneOf",
    read: oneOf("text", "json"),
    good: [["text", "text"], ["json", "json"]],
    bad: ["", "Text", "JSON", "tex", "text,json"],
    reason: "must be one of text, json",
  },
];

for (const { name, read, good, bad, reason } of READERS) {
  Deno.test(`${name} reads exactly what it should`, () => {
    for (const [text, expected] of good) assertEquals(read(text), expected, text);
    for (const text of bad) assertThrows(() => read(text), RangeError, reason, `"${text}"`);
  });
}

Deno.test("asText keeps a value as it is", () => {
  for (const text of ["", " a ", "007"]) assertEquals(asText(text), text);
});

Deno.test("flag is true where it was given; its variable says yes or no", () => {
  const option = flag({ help: "Quiet", short: "q" });
  assertEquals(option.parse([]), false);
  for (const text of ["1", "true", "yes", "on", "TRUE", "Yes"]) {
    assertEquals(option.parse([text]), true, text);
  }
  for (const text of ["0", "false", "no", "off", "OFF"]) {
    assertEquals(option.parse([text]), false, text);
  }
  for (const text of ["2", "y", "", "truely", " on"]) {
    assertThrows(() => option.parse([text]), RangeError, "must be 1 or 0, true or false", text);
  }
  assertEquals(option.value, undefined);
  assertEquals(option.short, "q");
});

Deno.test("value reads what was given, else its default, else nothing", () => {
  const texts = { help: "Port", value: "PORT", parse: integer(1, 9) };
  const plain = value(texts);
  const withDefault = value({ ...texts, default: "7" });
  assertEquals([plain.parse([]), plain.parse(["3"])], [undefined, 3]);
  assertEquals([withDefault.parse([]), withDefault.parse(["3"])], [7, 3]);
  assertEquals([plain.shown, withDefault.shown], [undefined, "7"]);
  assertThrows(() => value({ ...texts, default: "99" }).parse([]), RangeError);
});

Deno.test("list reads each of the values", () => {
  const option = list({ help: "Ports", value: "PORT", parse: integer(1, 9) });
  assertEquals([option.parse([]), option.parse(["3", "3", "1"])], [[], [3, 3, 1]]);
  assertEquals(option.repeatable, true);
  assertThrows(() => option.parse(["3", "99"]), RangeError);
});
