import { assertEquals, assertThrows } from "@std/assert";
import {
  CofferFault,
  type OutputFormat,
  renderVariables,
  type Secrets,
  type SecretValue,
} from "../../../../lib/coffer/mod.ts";

const TYPED: Secrets = new Map<string, SecretValue>([
  ["TEXT", { type: "String", value: 'say "hi" \\ `id` $HOME it\'s\nnext' }],
  ["SAFE", { type: "Integer", value: 9007199254740991n }],
  ["BEYOND", { type: "Integer", value: -9007199254740992n }],
  ["ONE", { type: "Float", value: 1 }],
  ["HUGE", { type: "Float", value: 1e300 }],
  ["INF", { type: "Float", value: -Infinity }],
  ["NAN", { type: "Float", value: NaN }],
  ["NO", { type: "Boolean", value: false }],
  ["DAY", { type: "Date", value: "1979-05-27" }],
]);

Deno.test("renderVariables: json keeps what JSON can hold and makes strings of the rest", () => {
  const line = renderVariables(TYPED, "json", false);
  assertEquals(line.endsWith("}\n"), true);
  assertEquals(line.indexOf("\n"), line.length - 1);
  assertEquals(JSON.parse(line), {
    TEXT: 'say "hi" \\ `id` $HOME it\'s\nnext',
    SAFE: 9007199254740991,
    BEYOND: "-9007199254740992",
    ONE: 1,
    HUGE: 1e300,
    INF: "-inf",
    NAN: "nan",
    NO: false,
    DAY: "1979-05-27",
  });
  assertEquals(line.includes('"ONE": 1.0,'), true);
});

Deno.test("renderVariables: env quotes what systemd would take for its own", () => {
  assertEquals(
    renderVariables(TYPED, "env", false).split("\n").slice(0, 3),
    ['TEXT="say \\"hi\\" \\\\ \\`id\\` \\$HOME it\'s', 'next"', 'SAFE="9007199254740991"'],
  );
});

Deno.test("renderVariables: env refuses what systemd would refuse the whole file for", () => {
  for (const text of ["a\ufdd0", "\uffff", "\u{1fffe}b"]) {
    const variables: Secrets = new Map([["TEXT", { type: "String", value: text }]]);
    const fault = assertThrows(() => renderVariables(variables, "env", false), CofferFault);
    assertEquals(fault.code, "bad-variable");
    assertEquals(fault.message.includes(text), false);
    assertEquals(renderVariables(variables, "shell", false), `export TEXT='${text}'\n`);
  }
});

Deno.test("renderVariables: shell reads back every text", async () => {
  const script = renderVariables(TYPED, "shell", false);
  const shell = new Deno.Command("/bin/sh", {
    args: ["-c", `${script}printf '%s|' "$TEXT" "$BEYOND" "$INF"; env | grep -c ^DAY=`],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin" },
  });
  const { stdout } = await shell.output();
  assertEquals(
    new TextDecoder().decode(stdout),
    'say "hi" \\ `id` $HOME it\'s\nnext|-9007199254740992|-inf|1\n',
  );
});

Deno.test("renderVariables refuses names that a form cannot hold", () => {
  const dashed: Secrets = new Map([["a-b", { type: "String", value: "canary" }]]);
  for (const format of ["env", "shell"] satisfies OutputFormat[]) {
    const fault = assertThrows(() => renderVariables(dashed, format, false), CofferFault);
    assertEquals(fault.message, 'Cannot write entry "a-b": its name is no identifier');
  }
  assertEquals(renderVariables(dashed, "json", false), '{"a-b": "canary"}\n');
});

Deno.test("renderVariables: the loader's variables only from a proved server", () => {
  const preload: Secrets = new Map([["LD_PRELOAD", { type: "String", value: "x" }]]);
  assertThrows(() => renderVariables(preload, "shell", false), CofferFault, "steers the loader");
  assertEquals(renderVariables(preload, "shell", true), "export LD_PRELOAD='x'\n");
});

Deno.test("renderVariables: nothing", () => {
  assertEquals(renderVariables(new Map(), "json", false), "{}\n");
  assertEquals(renderVariables(new Map(), "env", false), "");
});
