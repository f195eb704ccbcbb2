// How runs end (section 9.1), with backends in processes of their own.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CallFault } from "../../../../lib/triba/mod.ts";
import { FAST_RULES, isGone, specOf, withCore } from "./support.ts";

const SLOW_RULES = { ...FAST_RULES, firstDelayMs: 60_000, mostDelayMs: 60_000 };

/** The processes that a backend told of. */
function toldPids(lines: readonly string[]): number[] {
  return lines.flatMap((line) => /^debug (?:child|self) (\d+)$/.exec(line)?.slice(1) ?? [])
    .map(Number);
}

Deno.test("Core ends a backend that closes its stream but lives", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("close-stream")]);
    const { pid = 0 } = await test.untilOpen("close-stream");
    const status = await test.untilTold("close-stream", ({ state }) => state === "waiting");
    assertEquals(status.reason, "Stream ended without Shutdown; ended by SIGTERM");
    assert(isGone(pid));
  }, { restartRules: SLOW_RULES });
});

Deno.test("Core leaves no child of a backend that exits", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("fork")]);
    const status = await test.untilTold("fork", ({ state }) => state === "waiting");
    assertEquals(status.exit, 1);
    const pids = toldPids(test.lines("fork"));
    assertEquals(pids.length, 1);
    assert(pids.every(isGone));
  }, { restartRules: SLOW_RULES });
});

Deno.test("Core.stop ends a backend that refuses by SIGKILL, with its group", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("ignore-all", { name: "stubborn", arguments: ["stubborn"] })]);
    await test.untilOpen("stubborn");
    await test.until(() => toldPids(test.lines("stubborn")).length === 2, "the pids");
    const begun = performance.now();
    await test.core.stop("stubborn");
    const took = performance.now() - begun;
    assert(took > 2300 && took < 6000, `${took} ms`);
    assertEquals(test.status("stubborn").signal, "SIGKILL");
    assertEquals(test.status("stubborn").state, "stopped");
    assert(toldPids(test.lines("stubborn")).every(isGone));
  }, { timeouts: { shutdownMs: 500 } });
});

Deno.test("Core.stop ends a plain session by closing it and SIGTERM, without Shutdown", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("plain", { handshake: "plain", seal: "off" })]);
    const { api, sealed } = await test.untilOpen("plain");
    assertEquals([api, sealed], ["0.0", false]);
    const begun = performance.now();
    await test.core.stop("plain");
    assert(performance.now() - begun < 2000);
    assert(!test.lines("plain").some((line) => /asked to end/.test(line)), `${test.lines()}`);
  });
});

Deno.test("Core.close ends backends in every state, and leaves nothing", async () => {
  const modes = ["good", "never-connect", "silent", "exit-1", "crash"];
  const pids = new Set<number>();
  let path = "";
  await withCore(async (test) => {
    path = test.core.socketPath;
    await test.core.apply(modes.map((mode) => specOf(mode)));
    await test.untilOpen("good");
    for (const { pid } of test.core.backends()) if (pid !== undefined) pids.add(pid);
    await test.core.close();
    await test.core.close();
    for (const { state } of test.core.backends()) assertEquals(state, "stopped");
    assertEquals([...Deno.readDirSync(path.replace(/\/[^/]+\/s$/, ""))], []);
  });
  assert(pids.size > 2);
  for (const pid of pids) assert(isGone(pid));
});

Deno.test("Core stops a backend while it is being started, and starts none when it closes", async () => {
  await withCore(async (test) => {
    const applied = test.core.apply([specOf("good")]);
    await test.untilTold("good", ({ state }) => state === "spawned");
    const late = assertRejects(() => test.core.apply([specOf("mute")]), CallFault);
    const closed = test.core.close();
    await applied;
    await late;
    await closed;
    assertEquals(test.core.backends().map(({ name, state }) => [name, state]), [[
      "good",
      "stopped",
    ]]);
    await assertRejects(() => test.core.restart("good"), CallFault);
  });
});
