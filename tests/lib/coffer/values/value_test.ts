import { assertEquals } from "@std/assert";
import { formatFloat, formatValue, type SecretValue } from "../../../../lib/coffer/mod.ts";

Deno.test("formatFloat is never taken for an integer and reads back as the same number", () => {
  const cases: [number, string][] = [
    [1, "1.0"],
    [1.5, "1.5"],
    [0, "0.0"],
    [-0, "-0.0"],
    [0.1, "0.1"],
    [1e21, "1e21"],
    [-1.5e300, "-1.5e300"],
    [1e-7, "1e-7"],
    [5e-324, "5e-324"],
    [1e20, "100000000000000000000.0"],
    [16777217, "16777217.0"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, "nan"],
  ];
  for (const [value, text] of cases) {
    assertEquals(formatFloat(value), text);
    if (Number.isFinite(value)) assertEquals(Object.is(Number(text), value), true, text);
  }
});

Deno.test("formatValue gives each type its text", () => {
  const cases: [SecretValue, string][] = [
    [{ type: "String", value: "  as it is\n" }, "  as it is\n"],
    [{ type: "Integer", value: -(2n ** 63n) }, "-9223372036854775808"],
    [{ type: "Float", value: 3 }, "3.0"],
    [{ type: "Boolean", value: true }, "true"],
    [{ type: "Boolean", value: false }, "false"],
    [{ type: "Date", value: "1979-05-27" }, "1979-05-27"],
  ];
  for (const [value, text] of cases) assertEquals(formatValue(value), text);
});
