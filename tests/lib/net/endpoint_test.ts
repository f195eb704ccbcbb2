import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connectEndpoint,
  type Endpoint,
  formatEndpoint,
  NetFault,
  parseEndpoint,
} from "../../../lib/net/mod.ts";
import { readAll } from "../../support/memory_stream.ts";
import { withTemporaryFolder } from "../../support/folder.ts";

Deno.test("parseEndpoint reads ports and unix sockets, and formatEndpoint writes them back", () => {
  const cases: readonly (readonly [string, Endpoint])[] = [
    ["127.0.0.1:9187", { host: "127.0.0.1", port: 9187 }],
    ["[::1]:1", { host: "::1", port: 1 }],
    ["unix:/run/coffer.sock", { path: "/run/coffer.sock" }],
    ["unix:relative", { path: "relative" }],
  ];
  for (const [text, endpoint] of cases) {
    assertEquals(parseEndpoint(text), endpoint);
    assertEquals(formatEndpoint(endpoint), text);
  }
  assertEquals(parseEndpoint("box", 9187), { host: "box", port: 9187 });
  assertThrows(() => parseEndpoint("unix:"), RangeError, "unix:PATH");
  assertThrows(() => parseEndpoint("unix:a\0b"), RangeError, "unix:PATH");
});

Deno.test("connectEndpoint reaches TCP ports and unix sockets, and names what it cannot reach", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/s`;
    for (const local of [false, true]) {
      using listener = local
        ? Deno.listen({ transport: "unix", path })
        : Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const address = listener.addr;
      const to = "port" in address ? { host: "127.0.0.1", port: address.port } : { path };
      const served = listener.accept().then(async (connection) => {
        await connection.write(Uint8Array.of(7));
        connection.close();
      });
      const stream = await connectEndpoint(to, 5000);
      assertEquals(await readAll(stream), Uint8Array.of(7));
      stream.close();
      await served;
    }
    await assertRejects(
      () => connectEndpoint({ path: `${folder}/none` }, 5000),
      NetFault,
      `Cannot connect to unix:${folder}/none: nobody listens there`,
    );
  });
});

Deno.test("connectEndpoint does not connect to a unix socket after the signal", async () => {
  const over = new Error("over");
  await assertRejects(
    () => connectEndpoint({ path: "/nowhere" }, 5000, AbortSignal.abort(over)),
    Error,
    "over",
  );
});
