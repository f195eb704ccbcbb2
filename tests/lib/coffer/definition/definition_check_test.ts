import { assertEquals } from "@std/assert";
import { checkDefinition, formatId, loadDefinition } from "../../../../lib/coffer/mod.ts";
import { bigDefinition, keyPair, utf8 } from "../../../support/coffer.ts";

const APP = formatId(keyPair("app").publicKey);

Deno.test("checkDefinition warns of a shard that the narrow framing cannot carry", () => {
  assertEquals(checkDefinition(loadDefinition(utf8(bigDefinition()))), [{
    line: 2,
    column: 1,
    reason: "client's entries take 69905 bytes, too many for the narrow framing (65487)",
  }]);
});

Deno.test("checkDefinition: the narrow framing carries 65,487 bytes and no more", () => {
  // array(1), array(2), text "K", map(1), text "String", text head of 3 bytes
  const overhead = 1 + 1 + 2 + 1 + 7 + 3;
  for (const [length, count] of [[65_487 - overhead, 0], [65_488 - overhead, 1]] as const) {
    const toml = `id = "${APP}"\nK = "${"x".repeat(length)}"\n`;
    assertEquals(checkDefinition(loadDefinition(utf8(toml))).length, count, String(length));
  }
});

Deno.test("checkDefinition warns of variables that clients refuse, without the value", () => {
  const toml = `id = "${APP}"\n"A=B" = "canary"\nLD_PRELOAD = "canary"\nN = "canary\\u0000"\n`;
  assertEquals(checkDefinition(loadDefinition(utf8(toml))), [
    { line: 2, column: 1, reason: 'Cannot use entry "A=B": its name holds an equals sign' },
    {
      line: 3,
      column: 1,
      reason: 'Cannot use entry "LD_PRELOAD": it steers the loader, ' +
        "and the server's key was not proved",
    },
    { line: 4, column: 1, reason: 'Cannot use entry "N": its value holds a NUL' },
  ]);
});

Deno.test("checkDefinition has nothing to say about an ordinary definition", () => {
  assertEquals(checkDefinition(loadDefinition(utf8(`id = "${APP}"\nA = 1\n`))), []);
});

Deno.test("checkDefinition warns of a key with two values in one group, not across groups", () => {
  const id = (name: string) => formatId(keyPair(name).publicKey);
  const toml = `[g.a]
id = "${id("app")}"
SHARED = "canary"
SAME = 1
[g.b]
id = "${id("web")}"
SHARED = "canary2"
SAME = 1
[h.c]
id = "${id("db")}"
SHARED = "canary3"
[top]
id = "${id("big")}"
SAME = 1
[other]
id = "${id("lower")}"
SAME = 2
`;
  assertEquals(checkDefinition(loadDefinition(utf8(toml))), [
    { line: 7, column: 1, reason: '"SHARED" has another value in line 3, in the same group' },
  ]);
});
