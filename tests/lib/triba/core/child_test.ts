import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type BackendProcess,
  spawnBackend,
  type SpawnOptions,
} from "../../../../lib/triba/core/mod.ts";
import type { LogLine } from "../../../../lib/triba/core/log_lines.ts";
import { makeChildEnvironment } from "../../../../lib/triba/core/child_environment.ts";
import { FileFault } from "../../../../lib/files/mod.ts";
import { CommandFault } from "../../../../lib/process/mod.ts";
import { modeOf, withTemporaryFolder } from "../../../support/folder.ts";
import { readProcess } from "../../../support/proc.ts";
import { until, within } from "../../../support/within.ts";

const ID = Uint8Array.from({ length: 16 }, (_, i) => i);
const ID_ARGUMENT = "AAECAwQFBgcICQoLDA0ODw==";

type Overrides = Partial<Omit<SpawnOptions, "spec">> & {
  readonly spec?: Partial<SpawnOptions["spec"]>;
};

/** Starts a shell script; the id is its first argument. */
async function start(
  folder: string,
  script: string,
  overrides: Overrides = {},
): Promise<{ child: BackendProcess; lines: LogLine[] }> {
  const lines: LogLine[] = [];
  const { spec, ...rest } = overrides;
  const child = await spawnBackend({
    id: ID,
    socket: "/nowhere/s",
    stateFolder: `${folder}/state/one`,
    inherited: { PATH: Deno.env.get("PATH") ?? "" },
    onLine: (line) => lines.push(line),
    ...rest,
    spec: { command: ["/bin/sh", "-c", script, "sh"], arguments: [], environment: {}, ...spec },
  });
  return { child, lines };
}

/** A child that a test gives up on must not outlive it. */
async function ended(child: BackendProcess): ReturnType<BackendProcess["stop"]> {
  try {
    return await within(child.ended, "the end of the child", 8000);
  } finally {
    child.kill("SIGKILL");
  }
}

/** Rotated by 13 letters, since the id itself is kept out of the log. */
const rotate = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode((letter.charCodeAt(0) - base + 13) % 26 + base);
  });

const texts = (lines: readonly LogLine[]) => lines.map(({ level, text }) => `${level} ${text}`);

function isGone(pid: number): boolean {
  const [, state] = /\) (\w)/.exec(readProcess(pid, "stat")) ?? [];
  return state === undefined || state === "Z";
}

Deno.test("spawnBackend passes command, id, arguments and the listed environment", async () => {
  await withTemporaryFolder(async (folder) => {
    const { child, lines } = await start(folder, 'echo "$*" | tr A-Za-z N-ZA-Mn-za-m; env | sort', {
      inherited: { PATH: "/usr/bin:/bin", HOME: "/h", XDG_DATA_HOME: "/d", SSH_AUTH_SOCK: "/no" },
      spec: { arguments: ["--flag", "a b"], environment: { OWN: "1", HOME: "/other" } },
    });
    assertEquals(await ended(child), { code: 0, signal: undefined });
    const told = lines.map(({ text }) => text).filter((text) => !/^(PWD|_|SHLVL)=/.test(text));
    assertEquals(told, [
      rotate(`${ID_ARGUMENT} --flag a b`),
      "HOME=/other",
      "OWN=1",
      "PATH=/usr/bin:/bin",
      "TRIBA_SOCKET=/nowhere/s",
      `TRIBA_STATE=${folder}/state/one`,
      "XDG_DATA_HOME=/d",
    ]);
    assertEquals(modeOf(`${folder}/state/one`), 0o700);
  });
});

Deno.test("BackendProcess keeps id and secret out of what it tells of the output", async () => {
  await withTemporaryFolder(async (folder) => {
    const script = 'read -r line; echo "usage: $line $1" >&2';
    const { child, lines } = await start(folder, script, { spawnSecret: new Uint8Array(32) });
    await ended(child);
    assertEquals(texts(lines), ["info usage: [concealed] [concealed]"]);
    assertEquals(child.lastLines, ["usage: [concealed] [concealed]"]);
  });
});

Deno.test("makeChildEnvironment lets nothing but a spawn secret say that there is one", () => {
  const options = {
    inherited: {},
    configured: { TRIBA_SEAL: "stdin" },
    socket: "s",
    stateFolder: "f",
  };
  assertEquals(makeChildEnvironment({ ...options, sealed: false })["TRIBA_SEAL"], undefined);
  assertEquals(makeChildEnvironment({ ...options, sealed: true })["TRIBA_SEAL"], "stdin");
});

Deno.test("spawnBackend writes the spawn secret as one line and holds standard input open", async () => {
  await withTemporaryFolder(async (folder) => {
    const script = 'echo "$TRIBA_SEAL"; IFS= read -r line; echo "${#line} ${line%A=}"; cat';
    const { child, lines } = await start(folder, script, { spawnSecret: new Uint8Array(32) });
    await until(() => lines.length === 2, "the lines");
    assertEquals(texts(lines), ["debug stdin", `debug 44 ${"A".repeat(42)}`]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert(!isGone(child.pid), "its standard input has ended");
    assertEquals(await child.stop(), { code: undefined, signal: "SIGTERM" });
  });
});

Deno.test("BackendProcess tells exit codes, signals and lines of both streams", async () => {
  await withTemporaryFolder(async (folder) => {
    const { child, lines } = await start(folder, "echo out; echo err >&2; printf end >&2; exit 77");
    assertEquals(await ended(child), { code: 77, signal: undefined });
    assertEquals(texts(lines).sort(), ["debug out", "info end", "info err"]);
    assertEquals([...child.lastLines].sort(), ["end", "err", "out"]);
    const killed = await start(folder, "kill -SEGV $$");
    assertEquals(await ended(killed.child), { code: undefined, signal: "SIGSEGV" });
  });
});

Deno.test("BackendProcess.stop kills a whole group that ignores SIGTERM", async () => {
  await withTemporaryFolder(async (folder) => {
    const script = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 600; done";
    const { child, lines } = await start(folder, script);
    await until(() => lines.length === 1, "the pid");
    const grandchild = Number(lines[0]?.text);
    const begun = performance.now();
    assertEquals(await child.stop(), { code: undefined, signal: "SIGKILL" });
    const took = performance.now() - begun;
    assert(took >= 1900 && took < 5000, `${took} ms`);
    assert(isGone(grandchild) && isGone(child.pid));
  });
});

Deno.test("BackendProcess.ended waits 1 s for a grandchild that holds the pipes, and leaves nothing", async () => {
  await withTemporaryFolder(async (folder) => {
    const script = "(trap '' TERM; sleep 600; :) & echo $!; exit 3";
    const { child, lines } = await start(folder, script);
    const begun = performance.now();
    assertEquals(await child.exited, { code: 3, signal: undefined });
    assert(performance.now() - begun < 900);
    assertEquals(await ended(child), { code: 3, signal: undefined });
    assert(performance.now() - begun >= 900);
    await until(() => isGone(Number(lines[0]?.text)), "the end of the grandchild");
    assert(!child.kill("SIGTERM"), "nothing may be signalled any more");
  });
});

Deno.test("BackendProcess reads a grandchild's last lines after the exit", async () => {
  await withTemporaryFolder(async (folder) => {
    const { child, lines } = await start(
      folder,
      "(trap '' TERM; sleep 0.6; echo late) & sleep 0.2; exit 0",
    );
    await ended(child);
    assertEquals(texts(lines), ["debug late"]);
  });
});

Deno.test("spawnBackend checks the program's SHA-256", async () => {
  await withTemporaryFolder(async (folder) => {
    const program = `${folder}/program`;
    await Deno.writeTextFile(program, "#!/bin/sh\nexit 5\n", { mode: 0o755 });
    const sha256 = "0f9d7cb05ad3ab9f3ad0f3cb4eb42fa1ec77df5c3a62c4a1e7b3b8d8d23ad1c7";
    const fault = await assertRejects(
      () => start(folder, "", { spec: { command: [program], sha256 } }),
      FileFault,
    );
    assertEquals(fault.code, "changed");
    const [, actual = ""] = /SHA-256 is ([0-9a-f]{64}),/.exec(fault.message) ?? [];
    const right = { spec: { command: [program], sha256: actual.toUpperCase() } };
    assertEquals((await ended((await start(folder, "", right)).child)).code, 5);
  });
});

Deno.test("spawnBackend says what is wrong with a command", async () => {
  await withTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/plain`, "text", { mode: 0o644 });
    const cases = [
      ["triba-no-such-program", "missing"],
      [`${folder}/missing`, "missing"],
      [`${folder}/plain`, "not-executable"],
    ] as const;
    for (const [command, code] of cases) {
      const fault = await assertRejects(
        () => start(folder, "", { spec: { command: [command] } }),
        CommandFault,
      );
      assertEquals(fault.code, code, command);
    }
  });
});

Deno.test("BackendProcess is not hurt by a child that floods its standard output", async () => {
  await withTemporaryFolder(async (folder) => {
    const { child, lines } = await start(folder, "exec yes");
    const begun = performance.now();
    let turns = 0;
    while (performance.now() - begun < 1500) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      turns++;
    }
    assertEquals((await child.stop()).signal, "SIGTERM");
    assert(lines.length < 1000, `${lines.length} lines`);
    assert(lines.some(({ text }) => /^Lines left out: \d+$/.test(text)));
    assert(turns > 20, `the event loop had ${turns} turns`);
  });
});
