// The three programs together: what the companion sealed and the server serves, the client hands on.

import { assertEquals, assertMatch } from "@std/assert";
import { idOf, onCofferStage } from "../support/coffer_stage.ts";
import { readEnvironment } from "../support/coffer_program.ts";

const TYPES = [
  ["TEXT", '"line one\\nline two\\n"', "line one\nline two\n"],
  ["INTEGER", "-9223372036854775808", "-9223372036854775808"],
  ["FLOAT", "1e300", "1e300"],
  ["BOOLEAN", "true", "true"],
  ["DATE", "1979-05-27 07:32:00Z", "1979-05-27T07:32:00Z"],
] as const;

function definitionOf(entries: readonly (readonly [string, string, string])[]): string {
  return `[web]\nid = "${idOf("web")}"\n` +
    entries.map(([key, literal]) => `${key} = ${literal}\n`).join("");
}

Deno.test("coffer-client gets from coffer-server what coffer-companion sealed, however they talk", async (t) => {
  await onCofferStage(async (stage) => {
    await stage.sealed(definitionOf(TYPES));
    await stage.key("web");
    const { port } = await stage.serve();
    const socket = stage.at("socket");
    await stage.serve(["-a", `unix:${socket}`, "--require-authenticated"]);
    const tcp = ["-s", `127.0.0.1:${port}`];
    const unix = ["-s", `unix:${socket}`, "--server-key", idOf("server")];
    const places = { tcp, unix, "tcp, authenticated": [...tcp, ...unix.slice(2)] };
    for (const [name, where] of Object.entries(places)) {
      for (const protocol of ["auto", "wide", "narrow"]) {
        await t.step(`${name}, ${protocol}`, async () => {
          const line = ["-c", "web.key", ...where, "--protocol", protocol, "--clean-env"];
          const program = stage.start("coffer-client", [...line, "env", "-0"]);
          const { code, stdout, stderr } = await program.ended();
          assertEquals([code, stderr], [0, ""]);
          const expected = TYPES.map(([key, , text]) => [key, text] as const);
          assertEquals(readEnvironment(stdout), new Map(expected));
        });
      }
    }
  });
});

Deno.test("coffer-client --watch restarts its command when coffer-server has reloaded", async () => {
  await onCofferStage(async (stage) => {
    await stage.sealed(definitionOf([["V", '"one"', ""]]));
    await stage.key("web");
    const { program: server, port } = await stage.serve();
    const script = 'trap "exit 0" TERM; echo "has $V"; while :; do sleep 0.02; done';
    const line = ["-c", "web.key", "-s", `127.0.0.1:${port}`, "--watch", "0.2", "sh", "-c", script];
    const client = stage.start("coffer-client", line);
    try {
      await client.waitFor("stdout", /^has one$/m);
      await stage.sealed(definitionOf([["V", '"two"', ""]]));
      server.kill("SIGHUP");
      await server.waitFor("stderr", /reloaded: \+0 ~1 -0/);
      await client.waitFor("stdout", /^has two$/m);
      server.kill("SIGTERM");
      assertEquals((await server.ended()).code, 0);
      await client.waitFor("stderr", /nobody listens there; the command goes on/);
    } finally {
      client.kill("SIGTERM"); // SIGKILL would leave the command behind, with the output open
    }
    const { code, stdout } = await client.ended();
    assertEquals([code, stdout], [0, "has one\nhas two\n"]);
  });
});

Deno.test("coffer-client learns from coffer-server why it gets nothing", async () => {
  await onCofferStage(async (stage) => {
    await stage.sealed(definitionOf([["V", '"one"', ""]]));
    for (const name of ["web", "db"]) await stage.key(name);
    const { port } = await stage.serve(["--require-authenticated"]);
    const run = async (...args: string[]) => {
      const line = ["-s", `127.0.0.1:${port}`, ...args];
      const { code, stdout, stderr } = await stage.start("coffer-client", line).ended();
      assertEquals(stdout, args.at(-1) === "ping" ? `alive 127.0.0.1:${port}\n` : "");
      return `${code} ${stderr}`;
    };
    assertMatch(await run("-c", "web.key", "true"), /^3 .*refused: "authentication required"\n$/);
    assertMatch(await run("-c", "db.key", "true"), /^3 .*the server does not know this key\n$/);
    assertMatch(
      await run("-c", "db.key", "--protocol", "narrow", "true"),
      /^3 .*not know this key/,
    );
    const other = ["--server-key", idOf("db"), "true"];
    assertMatch(await run("-c", "web.key", ...other), /^3 .*"authentication required"\n$/);
    assertEquals(await run("-c", "web.key", "ping"), "0 ");
  });
});
