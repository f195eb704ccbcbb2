// How the command runs: as the same process, as a child, with what it inherits.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import {
  LibraryServer,
  runClient,
  ScriptedServer,
  shardOf,
  startClient,
  writeKeyFile,
} from "../support/coffer_program.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import type { Ended } from "../support/program.ts";
import { until } from "../support/within.ts";

const CANARY = "canary-5b1e";
const FORMS = [["becoming", []], ["supervising", ["--supervise"]]] as const;

/** A folder with the key of `web`, and a server that has one secret for it. */
async function withServer(
  run: (folder: string, server: LibraryServer) => Promise<void>,
  entries: Readonly<Record<string, string>> = { SECRET: CANARY },
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    await using server = await LibraryServer.start(shardOf("web", entries));
    await run(folder, server);
  });
}

/** Runs the client behind a line of shell, which stays its parent. */
async function runBehind(shell: string, folder: string, args: readonly string[]): Promise<Ended> {
  const through = ["sh", "-c", `${shell}; "$@"; exit $?`, "sh"];
  return await runClient(folder, args, { through });
}

/** Whether a mask of /proc/PID/status has a signal. */
function hasSignal(status: string, mask: "SigIgn" | "SigBlk", signal: number): boolean {
  const hex = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
  assert(hex !== undefined, status);
  return (BigInt(`0x${hex}`) >> BigInt(signal - 1) & 1n) === 1n;
}

Deno.test("coffer-client becomes the command: same process, its name as typed, its exit status", async () => {
  await withServer(async (folder, { address }) => {
    const script = 'echo $$; tr "\\0" " " < /proc/$$/cmdline; exit 7';
    await using program = startClient(folder, ["-s", address, "sh", "-c", script]);
    const { code, stdout, stderr } = await program.ended();
    assertEquals([code, stderr], [7, ""]);
    const [pid, line] = stdout.split("\n");
    assertEquals(Number(pid), program.pid);
    assertMatch(line ?? "", /^sh -c echo /);
  });
});

Deno.test("coffer-client keeps the command as a child with --supervise, and where FFI is not allowed", async () => {
  await withServer(async (folder, { address }) => {
    const script = "echo $PPID $SECRET; exit 7";
    await using program = startClient(folder, ["-s", address, "--supervise", "sh", "-c", script]);
    const { code, stdout } = await program.ended();
    assertEquals([code, stdout], [7, `${program.pid} ${CANARY}\n`]);

    const withoutFfi = 'for word; do shift; [ "$word" = --allow-ffi ] || set -- "$@" "$word"; done';
    const parent = "cat /proc/$PPID/cmdline";
    const ended = await runBehind(withoutFfi, folder, ["-s", address, "sh", "-c", parent]);
    assertEquals(ended.code, 0, ended.stderr);
    assertMatch(ended.stdout, /cmd\/coffer-client\/main\.ts/);
  });
});

for (const [form, flags] of FORMS) {
  Deno.test(`coffer-client ${form}: no descriptor, no ignored SIGPIPE, no raised limit reaches the command`, async () => {
    await withServer(async (folder, { address }) => {
      const look = "ls /proc/$$/fd; cat /proc/self/status; ulimit -Sn; ulimit -Hn; ulimit -Sc";
      const limits = "ulimit -Sn 777; ulimit -Sc 64";
      const plain = await new Deno.Command("sh", {
        args: ["-c", `${limits}; sh -c '${look}'; exit $?`],
        stdin: "null",
      }).output();
      const expected = new TextDecoder().decode(plain.stdout);
      const args = ["-s", address, ...flags, "--", "sh", "-c", look];
      const { code, stdout, stderr } = await runBehind(limits, folder, args);
      assertEquals([code, stderr], [0, ""]);
      const lines = (text: string) => text.split("\n").filter((line) => /^\d+$/.test(line));
      assertEquals(lines(stdout), lines(expected), "descriptors and limits");
      assert(lines(stdout).includes("777"));
      assertEquals(hasSignal(stdout, "SigIgn", 13), false);
      for (const mask of ["SigIgn", "SigBlk"] as const) {
        for (let signal = 1; signal < 32; signal++) {
          assertEquals(
            hasSignal(stdout, mask, signal),
            hasSignal(expected, mask, signal),
            `${mask} ${signal}`,
          );
        }
      }
    });
  });

  Deno.test(`coffer-client ${form}: signals that were ignored before stay ignored`, async () => {
    await withServer(async (folder, { address }) => {
      const look = "cat /proc/self/status";
      const args = ["-s", address, ...flags, "--", "sh", "-c", look];
      const { code, stdout } = await runBehind("trap '' HUP INT", folder, args);
      assertEquals(code, 0);
      const ignored = [1, 2, 3, 10, 12, 13, 15].filter((n) => hasSignal(stdout, "SigIgn", n));
      assertEquals(ignored, [1, 2]);
    });
  });

  Deno.test(`coffer-client ${form}: what ends the command is the exit status`, async () => {
    await withServer(async (folder, { address }) => {
      for (const [script, status] of [["kill -TERM $$", 143], ["kill -KILL $$", 137]] as const) {
        const { code } = await runClient(folder, ["-s", address, ...flags, "sh", "-c", script]);
        assertEquals(code, status, script);
      }
    });
  });

  Deno.test(`coffer-client ${form}: a PATH among the secrets does not choose the command`, async () => {
    await withTemporaryFolder(async (folder) => {
      await writeKeyFile(folder, "web");
      await Deno.mkdir(`${folder}/evil`);
      await Deno.writeTextFile(`${folder}/evil/env`, "#!/bin/sh\necho evil\n", { mode: 0o755 });
      const definition = shardOf("web", { PATH: `${folder}/evil` });
      await using server = await LibraryServer.start(definition);
      const { code, stdout } = await runClient(folder, ["-s", server.address, ...flags, "env"]);
      assertEquals(code, 0);
      assertMatch(stdout, new RegExp(`^PATH=${folder}/evil$`, "m"));
    });
  });

  Deno.test(`coffer-client ${form}: runs a script without a first line for the kernel, as a shell does`, async () => {
    await withServer(async (folder, { address }) => {
      await Deno.writeTextFile(`${folder}/script`, 'echo "$1 $SECRET"\n', { mode: 0o755 });
      const { code, stdout } = await runClient(folder, [
        ...["-s", address, ...flags, "./script", "argument"],
      ]);
      assertEquals([code, stdout], [0, `argument ${CANARY}\n`]);
    });
  });

  Deno.test(`coffer-client ${form}: says that the environment is too large, without a word of it`, async () => {
    await withServer(async (folder, { address }) => {
      const ended = await runClient(folder, ["-s", address, ...flags, "true"]);
      const message = 'coffer-client: Cannot run "true": its arguments and environment are too ' +
        "large for this system\n";
      assertEquals(ended, { code: 126, stdout: "", stderr: message });
    }, { LARGE: "0123456789abcdef".repeat(10_000) });
  });
}

Deno.test("coffer-client passes the environment on byte for byte, or with --clean-env hardly any of it", async () => {
  await withServer(async (folder, { address }) => {
    const latin1 = "export OTHER=$(printf 'a\\377b')";
    const print = ["--", "sh", "-c", 'printf %s "$OTHER,$COFFER_CLIENT_CERTIFICATE" | od -An -tx1'];
    const kept = await runBehind(latin1, folder, ["-s", address, ...print]);
    assertEquals(kept.stdout.replaceAll(/\s/g, ""), "61ff622c" + encodeHex(`${folder}/web.key`));
    const names = await runBehind(`${latin1}; export LANG=C TERM=dumb`, folder, [
      ...["-s", address, "--clean-env", "env"],
    ]);
    const left = names.stdout.split("\n").map((line) => line.split("=")[0]).sort();
    const allowed = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "SECRET", ""];
    assert(left.includes("LANG") && left.includes("SECRET"));
    assertEquals(left.filter((name) => !allowed.includes(name ?? "")), []);
  });
});

Deno.test("coffer-client supervising: passes six signals on", async () => {
  await withServer(async (folder, { address }) => {
    const names = ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"];
    const traps = names.map((name) => `trap 'echo got ${name}' ${name}`).join("; ");
    const script = `${traps}; trap 'exit 5' ALRM; echo ready $$; while :; do sleep 0.02; done`;
    await using program = startClient(folder, ["-s", address, "--supervise", "sh", "-c", script]);
    const [, child] = await program.waitFor("stdout", /^ready (\d+)$/m);
    assertNotEquals(Number(child), program.pid);
    for (const name of names) {
      program.kill(`SIG${name}` as Deno.Signal);
      await program.waitFor("stdout", new RegExp(`^got ${name}$`, "m"));
    }
    Deno.kill(Number(child), "SIGALRM");
    assertEquals((await program.ended()).code, 5);
  });
});

Deno.test("coffer-client tells the server when a signal ends it while it waits", async () => {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    for (const [signal, status] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 129]] as const) {
      await using server = new ScriptedServer((connection) => connection.readUntil(Infinity));
      await using program = startClient(folder, ["-s", server.address, "true"]);
      await until(() => (server.connections[0]?.received.length ?? 0) >= 50, "the request");
      program.kill(signal);
      const { code, stderr } = await program.ended();
      assertEquals([code, stderr], [status, `coffer-client: Ended by ${signal}\n`]);
      assertMatch(encodeHex(server.connections[0]?.received ?? new Uint8Array()), /0{16}99$/);
    }
  });
});

Deno.test("coffer-client itself writes no core dump", async () => {
  await withTemporaryFolder(async (folder) => {
    await writeKeyFile(folder, "web");
    await using server = new ScriptedServer((connection) => connection.readUntil(Infinity));
    const through = ["sh", "-c", 'ulimit -Sc 64; exec "$@"', "sh"];
    await using program = startClient(folder, ["-s", server.address, "true"], { through });
    await until(() => (server.connections[0]?.received.length ?? 0) >= 50, "the request");
    const limits = await new Deno.Command("cat", { args: [`/proc/${program.pid}/limits`] })
      .output();
    assertMatch(new TextDecoder().decode(limits.stdout), /^Max core file size\s+0\s/m);
  });
});
