// A core that is killed leaves nothing behind, and one that ends leaves no watchdog.

import { assert, assertEquals } from "@std/assert";
import { linesOf, spawnScript } from "../../../support/child.ts";
import { namesIn, withTemporaryFolder } from "../../../support/folder.ts";
import { until } from "../../../support/within.ts";
import { Watchdog } from "../../../../lib/triba/core/watchdog.ts";
import { readProcess } from "../../../support/proc.ts";
import { isGone } from "./support.ts";

/** Starts a core and waits for the lines that match; each gives a process id. */
async function startCore(
  folder: string,
  modes: readonly string[],
  patterns: readonly RegExp[],
): Promise<{ readonly core: Deno.ChildProcess; readonly pids: readonly number[] }> {
  const core = spawnScript("core_process.ts", { args: [folder, ...modes] });
  const missing = new Set(patterns);
  const pids: number[] = [];
  for await (const line of linesOf(core.stdout)) {
    for (const pattern of missing) {
      const [, pid] = pattern.exec(line) ?? [];
      if (pid === undefined) continue;
      pids.push(Number(pid));
      missing.delete(pattern);
      break;
    }
    if (missing.size === 0) break;
  }
  assertEquals(missing, new Set(), "the core ended too early");
  return { core, pids };
}

Deno.test("a core that gets SIGKILL: every backend and its children are gone within 5 s", async () => {
  await withTemporaryFolder(async (folder) => {
    const { core, pids } = await startCore(folder, ["good", "ignore-all", "silent"], [
      /^open good (\d+)/,
      /^open ignore-all (\d+)/,
      /^ignore-all: child (\d+)/,
      /^ignore-all: child (\d+)/,
      /^ignore-all: self (\d+)/,
    ]);
    core.kill("SIGKILL");
    await core.status;
    const begun = performance.now();
    await until(() => pids.every(isGone), "the end of all");
    const took = performance.now() - begun;
    assert(took < 5000, `${took} ms`);
    await core.stderr.cancel();
    assertEquals(namesIn(`${folder}/trinitrix`), [], "its socket is left");
  });
});

/** A PATH that only the watchdogs of one test have: others of this process run at the same time. */
function markedPath(): string {
  return `${Deno.env.get("PATH")}:/nowhere/${crypto.randomUUID()}`;
}

/** The watchdogs that run with this PATH. */
function watchdogs(path: string): number[] {
  const { stdout } = new Deno.Command("ps", { args: ["-eo", "pid,ppid,args"] }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").flatMap((line) => {
    const [pid, parent] = line.trim().split(/ +/).map(Number);
    if (pid === undefined || parent !== Deno.pid || !line.includes("triba-watchdog")) return [];
    return readProcess(pid, "environ").split("\0").includes(`PATH=${path}`) ? [pid] : [];
  });
}

/** A child in a session of its own, with one that is in another group of that session. */
function spawnSession(): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", {
    args: ["-c", "set -m; sleep 600 & echo $!; wait"],
    detached: true,
    stdin: "null",
    stdout: "piped",
  }).spawn();
}

Deno.test("Watchdog ends what is left of a session, and ends itself without a trace", async () => {
  const warnings: string[] = [];
  const path = markedPath();
  const watchdog = new Watchdog({
    path,
    warn: (text) => void warnings.push(text),
  });
  const child = spawnSession();
  const end = watchdog.watch(child.pid);
  const other = spawnSession();
  const endOther = watchdog.watch(other.pid);
  const pids: number[] = [];
  for await (const line of linesOf(child.stdout)) {
    pids.push(Number(line));
    child.kill("SIGKILL"); // its own child is in another group, and lives on
    await child.status;
    assert(!isGone(pids[0] ?? 0));
    end();
    end();
  }
  await until(() => pids.every(isGone), "the end of the rest");
  assert(!isGone(other.pid), "another session was ended");
  assertEquals(watchdogs(path).length, 1);
  other.kill("SIGKILL");
  await other.status;
  endOther();
  for await (const line of linesOf(other.stdout)) pids.push(Number(line));
  const begun = performance.now();
  await watchdog.close();
  assert(performance.now() - begun < 900, "nothing was left to wait for");
  assertEquals([watchdogs(path), warnings], [[], []]);
});

Deno.test("Watchdog that is killed is replaced, and goes on watching the same", async () => {
  const warnings: string[] = [];
  const path = markedPath();
  const watchdog = new Watchdog({
    path,
    warn: (text) => void warnings.push(text),
  });
  const child = spawnSession();
  const end = watchdog.watch(child.pid);
  const [first = 0] = watchdogs(path);
  Deno.kill(first, "SIGTERM"); // which it ignores: it has to outlive the core
  Deno.kill(first, "SIGKILL");
  await until(() => warnings.length === 1, "the warning");
  const [second] = watchdogs(path);
  assert(second !== undefined && second !== first);
  child.kill("SIGKILL");
  await child.status;
  end();
  let last = 0;
  for await (const line of linesOf(child.stdout)) last = Number(line);
  await until(() => isGone(last), "the end of the rest");
  await watchdog.close();
});
