import { assertEquals } from "@std/assert";
import { formatProblem, quote } from "../../../lib/coffer/mod.ts";

Deno.test("quote shows what could steer a terminal, and cuts what is long", () => {
  assertEquals(quote("zażółć"), '"zażółć"');
  assertEquals(quote("a\u001b[2Jb\nc\0"), '"a\\x1b[2Jb\\x0ac\\x00"');
  assertEquals(quote("\u202Ex"), '"\\u{202e}x"');
  assertEquals(quote("x".repeat(200)), `"${"x".repeat(200)}"`);
  assertEquals(quote("x".repeat(201)), `"${"x".repeat(200)}..."`);
});

Deno.test("formatProblem writes places as compilers do", () => {
  const problem = { line: 3, column: 7, reason: "id is not a string" };
  assertEquals(formatProblem("coffer.toml", problem), "coffer.toml:3:7: id is not a string");
});
