// --watch: the command is restarted when a value has changed.

import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { LibraryServer, shardOf, startClient, writeKeyFile } from "../support/coffer_program.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import type { Program } from "../support/program.ts";

/** Says what it got, and waits; on SIGTERM it says so and ends. */
const SCRIPT = 'trap "echo stopped; exit 0" TERM; echo "$$ has $V, $(cat file)"; ' +
  "while :; do sleep 0.02; done";

async function withWatcher(
  run: (program: Program, server: LibraryServer) => Promise<void>,
  script = SCRIPT,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    await using server = await LibraryServer.start(shardOf("web", { V: "one", F: "f1" }));
    const options = ["--watch", "0.15", "--file", "F=file", "--log-level", "info"];
    const args = ["-s", server.address, ...options, "sh", "-c", script];
    await using program = startClient(folder, args);
    try {
      await run(program, server);
    } finally {
      program.kill("SIGTERM"); // SIGKILL would leave the command behind, with the output open
      await program.ended();
    }
  });
}

Deno.test("coffer-client --watch restarts the command when a value changes, and only then", async () => {
  await withWatcher(async (program, server) => {
    const [, first] = await program.waitFor("stdout", /^(\d+) has one, f1$/m);
    await delay(600); // several fetches of the same
    server.reload(shardOf("web", { F: "f1", V: "one" })); // another order is no other value
    await delay(300);
    assertEquals(program.stderr, "");
    server.reload(shardOf("web", { V: "two", F: "f1" }));
    const [, second] = await program.waitFor("stdout", /^(\d+) has two, f1$/m);
    assertMatch(program.stdout, /^\d+ has one, f1\nstopped\n\d+ has two, f1\n$/);
    assertNotEquals(first, second);
    server.reload(shardOf("web", { V: "two", F: "f2" }));
    await program.waitFor("stdout", /has two, f2$/m);
    assertEquals(program.stderr.match(/the secrets have changed/g)?.length, 2);
    program.kill("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  });
});

Deno.test("coffer-client --watch keeps the command when the new secrets cannot be used", async () => {
  await withWatcher(async (program, server) => {
    await program.waitFor("stdout", /has one/);
    server.reload(shardOf("web", { V: "two", F: "f2", "bad=name": "x" }));
    await program.waitFor("stderr", /warn: Cannot use entry "bad=name": .*; the command goes on/);
    server.reload(shardOf("web", { V: "two" }));
    await program.waitFor("stderr", /warn: Cannot use entry "F": .*; the command goes on/);
    assertMatch(program.stdout, /^\d+ has one, f1\n$/);
    server.reload(shardOf("web", { V: "three", F: "f3" }));
    await program.waitFor("stdout", /has three, f3$/m);
  });
});

Deno.test("coffer-client --watch ends with its command", async () => {
  await withWatcher(async (program) => {
    assertEquals((await program.ended()).code, 9);
  }, "sleep 0.4; exit 9");
});

Deno.test("coffer-client --watch does not start the command again after a signal meant to end it", async () => {
  const slow = 'trap "sleep 1; exit 0" TERM; echo "has $V"; while :; do sleep 0.02; done';
  await withWatcher(async (program, server) => {
    await program.waitFor("stdout", /has one/);
    server.reload(shardOf("web", { V: "two", F: "f1" }));
    await program.waitFor("stderr", /the command is restarted/);
    program.kill("SIGTERM");
    const { code, stdout } = await program.ended();
    assertEquals([code, stdout], [143, "has one\n"]);
  }, slow);
});
