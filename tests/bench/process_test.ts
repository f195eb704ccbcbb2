import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseCpuSeconds, parseHardDescriptors, parseStatusBytes } from "./process.ts";

const FIELDS = "S 1 77 77 0 -1 4194304 500 0 0 0 250 30 7 8 20 0 9 0 12345 1000000 200";

Deno.test("parseCpuSeconds: time of the program and of the system, without that of children", () => {
  assertEquals(parseCpuSeconds(`77 (deno) ${FIELDS}`), 2.8);
});

Deno.test("parseCpuSeconds: the name may hold spaces and brackets", () => {
  assertEquals(parseCpuSeconds(`77 (a) b (c) ${FIELDS}`), 2.8);
});

Deno.test("parseCpuSeconds: a text of another form is refused", () => {
  assertThrows(() => parseCpuSeconds("77 (deno) S 1"), Error, "Cannot read processor time");
});

Deno.test("parseStatusBytes: kilobytes as bytes, undefined for a zombie", () => {
  const status = "Name:\tdeno\nVmHWM:\t  120000 kB\nVmRSS:\t    1000 kB\nThreads:\t9\n";
  assertEquals(parseStatusBytes(status, "VmHWM"), 122_880_000);
  assertEquals(parseStatusBytes(status, "VmRSS"), 1_024_000);
  assert(parseStatusBytes("Name:\tdeno\nState:\tZ (zombie)\n", "VmHWM") === undefined);
});

Deno.test("parseHardDescriptors: the hard limit, which may be none; another text is refused", () => {
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units     \n" +
    "Max open files            1024                 524288               files     \n";
  assertEquals(parseHardDescriptors(limits), 524_288);
  assertEquals(parseHardDescriptors(limits.replace("524288   ", "unlimited")), Infinity);
  assertThrows(() => parseHardDescriptors(""), Error, "Cannot read the limit of descriptors");
});
