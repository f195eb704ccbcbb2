import { assert, assertEquals, assertThrows } from "@std/assert";
import { CommandFault, type CommandLine, Supervisor } from "../../../lib/process/mod.ts";
import { withTemporaryFolder } from "../../support/folder.ts";
import { until } from "../../support/within.ts";

function shell(script: string, environment: Readonly<Record<string, string>> = {}): CommandLine {
  return {
    path: "/bin/sh",
    words: ["sh", "-c", script],
    environment: new Map(Object.entries(environment)),
    clearEnvironment: false,
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

const OFF = { onTerminal: false };

Deno.test("Supervisor gives the exit status of its command, 128 + n for a signal", async () => {
  using supervisor = new Supervisor(OFF);
  assertEquals(await supervisor.start(shell('exit "$N"', { N: "3" })), 3);
  assertEquals(await supervisor.start(shell("kill -KILL $$")), 137);
  assertEquals(supervisor.interrupted, undefined);
});

Deno.test("Supervisor gives the command nothing but what it is given, if told so", async () => {
  using supervisor = new Supervisor(OFF);
  const script = '[ "$A" = 1 ] && [ -z "$HOME" ]';
  const line = { ...shell(script, { A: "1" }), clearEnvironment: true };
  assertEquals(await supervisor.start(line), 0);
});

Deno.test("Supervisor.stop asks, and kills what does not end in time", async () => {
  await withTemporaryFolder(async (folder) => {
    using supervisor = new Supervisor(OFF);
    const polite = supervisor.start(
      shell(`trap 'exit 4' TERM; : > ${folder}/1; while :; do sleep 0.01; done`),
    );
    await until(() => exists(`${folder}/1`), "the first command");
    await supervisor.stop(20_000);
    assertEquals(await polite, 4);

    const deaf = supervisor.start(
      shell(`trap '' TERM; : > ${folder}/2; while :; do sleep 0.01; done`),
    );
    await until(() => exists(`${folder}/2`), "the second command");
    const before = performance.now();
    await supervisor.stop(200);
    assert(performance.now() - before >= 190);
    assertEquals(await deaf, 137);
    await supervisor.stop(200); // nothing is left to stop
  });
});

Deno.test("Supervisor passes signals on, and remembers one that no command could take", async () => {
  await withTemporaryFolder(async (folder) => {
    using supervisor = new Supervisor(OFF);
    const ended = supervisor.start(
      shell(`trap 'exit 6' HUP; : > ${folder}/1; while :; do sleep 0.01; done`),
    );
    await until(() => exists(`${folder}/1`), "the command");
    Deno.kill(Deno.pid, "SIGHUP");
    assertEquals(await ended, 6);
    assertEquals(supervisor.interrupted, undefined);
    Deno.kill(Deno.pid, "SIGUSR1");
    Deno.kill(Deno.pid, "SIGTERM");
    await until(() => supervisor.interrupted !== undefined, "the signal");
    assertEquals(supervisor.interrupted, 143);
  });
});

Deno.test("Supervisor leaves what a terminal has sent to the command already", async () => {
  await withTemporaryFolder(async (folder) => {
    using supervisor = new Supervisor({ onTerminal: true });
    const script =
      `trap 'exit 5' QUIT; trap 'exit 6' TERM; : > ${folder}/1; while :; do sleep 0.01; done`;
    const ended = supervisor.start(shell(script));
    await until(() => exists(`${folder}/1`), "the command");
    Deno.kill(Deno.pid, "SIGQUIT"); // SIGINT would end the tests
    await new Promise((resolve) => setTimeout(resolve, 200));
    Deno.kill(Deno.pid, "SIGTERM");
    assertEquals(await ended, 6);
  });
});

Deno.test("Supervisor runs a script without a first line for the kernel, as a shell does", async () => {
  await withTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/script`, 'exit "$1"\n', { mode: 0o755 });
    using supervisor = new Supervisor(OFF);
    const line = { ...shell(""), path: `${folder}/script`, words: ["script", "5"] };
    assertEquals(await supervisor.start(line), 5);
  });
});

Deno.test("Supervisor says why a command does not start", () => {
  using supervisor = new Supervisor(OFF);
  const start = (path: string) => () => supervisor.start({ ...shell(""), path, words: ["tool"] });
  const missing = assertThrows(start("/no/such"), CommandFault, 'Cannot run "tool": ');
  assertEquals(missing.code, "missing");
  assertEquals(assertThrows(start("/etc/passwd"), CommandFault).code, "not-executable");
});
