import { assertEquals } from "@std/assert";
import { formatVersion, VERSION } from "../../../lib/cli/mod.ts";

Deno.test("VERSION is the version of deno.json", async () => {
  const text = await Deno.readTextFile(new URL("../../../deno.json", import.meta.url));
  assertEquals(VERSION, JSON.parse(text).version);
});

Deno.test("formatVersion says program, release, origin and runtime", () => {
  assertEquals(
    formatVersion("relay"),
    `relay ${VERSION} (from source, Deno ${Deno.version.deno})`,
  );
});
