import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CofferFault,
  nameVariables,
  quote,
  type Secrets,
  toEnvironment,
  trimWhiteSpace,
  type VariableOptions,
} from "../../../../lib/coffer/mod.ts";

function strings(entries: Record<string, string>): Secrets {
  return new Map(
    Object.entries(entries).map(([key, value]) => [key, { type: "String", value } as const]),
  );
}

function named(entries: Record<string, string>, options: VariableOptions): Record<string, string> {
  return Object.fromEntries(toEnvironment(nameVariables(strings(entries), options), false));
}

Deno.test("nameVariables leaves keys and values as they are unless told otherwise", () => {
  assertEquals(named({ " a-b.c ": " v\n" }, {}), { " a-b.c ": " v\n" });
});

Deno.test("nameVariables: prefix, upper case, both: the prefix comes last", () => {
  assertEquals(named({ a: "1" }, { prefix: "App_" }), { App_a: "1" });
  assertEquals(named({ a: "1" }, { upcase: true }), { A: "1" });
  assertEquals(named({ a: "1" }, { upcase: true, prefix: "app_" }), { app_A: "1" });
});

Deno.test("nameVariables: only what is named, all of which must be there", () => {
  assertEquals(named({ a: "1", b: "2", c: "3" }, { only: ["c", "a"] }), { a: "1", c: "3" });
  const fault = assertThrows(() => named({ a: "1" }, { only: ["a", "b"] }), CofferFault);
  assertEquals(fault.code, "bad-variable");
  assert(fault.message.includes('"b"'));
});

Deno.test("nameVariables trims as the original does", () => {
  assertEquals(named({ "  PAD ": "\u0085 v \u3000\n" }, { trim: true }), { PAD: "v" });
  assertEquals(named({ A: "first", " A": "second" }, { trim: true }), { A: "second" });
  assertEquals(trimWhiteSpace("\uFEFFx\u180E"), "\uFEFFx\u180E");
  assertEquals(trimWhiteSpace(" \t\n\u2028"), "");
  assertEquals(trimWhiteSpace(""), "");
});

Deno.test("nameVariables refuses two keys that become one name", () => {
  const fault = assertThrows(() => named({ a: "1", A: "2" }, { upcase: true }), CofferFault);
  assert(fault.message.includes('"A"'));
});

Deno.test("toEnvironment refuses what an environment cannot hold, naming the key only", async (t) => {
  const cases: Record<string, Record<string, string>> = {
    "an empty name": { "": "canary" },
    "a blank name": { " \t": "canary" },
    "an equals sign": { "A=B": "canary" },
    "NUL in the name": { "A\0B": "canary" },
    "NUL in the value": { A: "canary\0" },
    "the loader": { LD_PRELOAD: "canary" },
    "the other loader": { DYLD_INSERT_LIBRARIES: "canary" },
  };
  for (const [name, entries] of Object.entries(cases)) {
    await t.step(name, () => {
      const fault = assertThrows(() => toEnvironment(strings(entries), false), CofferFault);
      assertEquals(fault.code, "bad-variable");
      assert(fault.message.includes(quote(Object.keys(entries)[0] ?? "")), fault.message);
      assert(!fault.message.includes("canary"));
    });
  }
});

Deno.test("toEnvironment judges the loader's variables by their final name, and by the proof", () => {
  const made = nameVariables(strings({ preload: "x" }), { upcase: true, prefix: "LD_" });
  assertThrows(() => toEnvironment(made, false), CofferFault, "LD_PRELOAD");
  assertEquals(toEnvironment(made, true).get("LD_PRELOAD"), "x");
  assertEquals(toEnvironment(strings({ OLD_PATH: "x" }), false).size, 1);
});

Deno.test("toEnvironment: a name that objects have anyway", () => {
  const environment = toEnvironment(
    new Map([["__proto__", { type: "Boolean", value: true }]]),
    false,
  );
  assertEquals([...environment], [["__proto__", "true"]]);
});

Deno.test("trimWhiteSpace takes linear time for a million blanks in the middle", () => {
  const text = `x${" ".repeat(1_000_000)}x`;
  assertEquals(trimWhiteSpace(`${text} `) === text, true);
});
