import { assertEquals } from "@std/assert";
import { count, formatDuration, formatRate, formatSize } from "../../../lib/cli/mod.ts";

Deno.test("formatSize shows a size with two digits or more", () => {
  const cases = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [9.96 * 1024, "10 KiB"],
    [1023 * 1024, "1023 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [1024 ** 2, "1.0 MiB"],
    [5.25 * 1024 ** 3, "5.3 GiB"],
    [1024 ** 4, "1.0 TiB"],
    [5000 * 1024 ** 4, "5000 TiB"],
  ] as const;
  for (const [bytes, expected] of cases) assertEquals(formatSize(bytes), expected);
});

Deno.test("formatRate shows a rate, for no time at all too", () => {
  const cases = [
    [0, 1000, "0 B/s"],
    [1, 3000, "0 B/s"],
    [1000, 1000, "1000 B/s"],
    [12 * 1024 ** 2, 1000, "12 MiB/s"],
    [1024, 0, "1000 KiB/s"],
  ] as const;
  for (const [bytes, ms, expected] of cases) assertEquals(formatRate(bytes, ms), expected);
});

Deno.test("formatDuration shows a time in the units that fit it", () => {
  const cases = [
    [0, "0 ms"],
    [850.4, "850 ms"],
    [999, "999 ms"],
    [1000, "1.0 s"],
    [12_345, "12.3 s"],
    [60_000, "1 min 0 s"],
    [200_000, "3 min 20 s"],
    [3_725_000, "62 min 5 s"],
  ] as const;
  for (const [ms, expected] of cases) assertEquals(formatDuration(ms), expected, String(ms));
});

Deno.test("formatDuration never shows what belongs to the next unit", () => {
  assertEquals(formatDuration(999.9), "1.0 s");
  assertEquals(formatDuration(59_999), "1 min 0 s");
  assertEquals(formatDuration(119_999), "2 min 0 s");
});

Deno.test("count puts the noun in the plural where it is not one", () => {
  assertEquals([0, 1, 2].map((n) => count(n, "file")), ["0 files", "1 file", "2 files"]);
});
