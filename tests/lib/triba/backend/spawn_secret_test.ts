// The 45 bytes of the spawn secret: exactly these are read (section 10).

import { assertEquals, assertRejects } from "@std/assert";
import { readSpawnSecret } from "../../../../lib/triba/backend/mod.ts";
import { formatSpawnLine, TribaFault } from "../../../../lib/triba/mod.ts";

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const LINE = new TextEncoder().encode(formatSpawnLine(SECRET));

/** An input that gives at most so many bytes at once, and says how many it gave. */
function input(bytes: Uint8Array, most: number) {
  let given = 0;
  return {
    get given() {
      return given;
    },
    read: (into: Uint8Array): Promise<number | null> => {
      const part = bytes.subarray(given, given + Math.min(most, into.length));
      if (part.length === 0) return Promise.resolve(null);
      into.set(part);
      given += part.length;
      return Promise.resolve(part.length);
    },
  };
}

Deno.test("readSpawnSecret: takes the line whole and cut anywhere, and nothing behind it", async () => {
  const more = new Uint8Array([...LINE, ...LINE]);
  for (let most = 1; most <= more.length; most++) {
    const source = input(more, most);
    assertEquals(await readSpawnSecret("stdin", source.read), SECRET);
    assertEquals(source.given, 45);
  }
});

Deno.test("readSpawnSecret: without the variable nothing is read", async () => {
  for (const seal of [undefined, ""]) {
    const source = input(LINE, 100);
    assertEquals(await readSpawnSecret(seal, source.read), undefined);
    assertEquals(source.given, 0);
  }
});

Deno.test("readSpawnSecret: a line that is short, no base64, or late is a fault", async (t) => {
  const damaged = LINE.slice();
  damaged[3] = 0x2d;
  const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["short", () => readSpawnSecret("stdin", input(LINE.subarray(0, 44), 9).read)],
    ["empty", () => readSpawnSecret("stdin", input(new Uint8Array(), 9).read)],
    ["another alphabet", () => readSpawnSecret("stdin", input(damaged, 100).read)],
    ["late", () => readSpawnSecret("stdin", () => new Promise(() => {}), 10)],
    ["another place", () => readSpawnSecret("fd3", input(LINE, 100).read)],
  ];
  for (const [name, read] of cases) {
    await t.step(name, async () => {
      const fault = await assertRejects(read, TribaFault);
      assertEquals(fault.code, "spawn-secret");
      assertEquals(fault.message.includes("AAEC"), false, "the secret is in the message");
    });
  }
});
