import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { CallFault, createPlainCipher } from "../../../../lib/triba/mod.ts";
import type { TraceRecord } from "../../../../lib/triba/core/mod.ts";
import { FAST_RULES, isGone, specOf, withCore } from "./support.ts";

Deno.test("Core opens sealed sessions, answers, and stops them as agreed", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("good")]);
    const status = await test.untilOpen("good");
    assert(status.sealed);
    assertEquals([status.agent, status.api], ["test/1", "1.1"]);
    assertEquals(await test.core.request("good", { type: "ListRooms" }), {
      type: "Rooms",
      rooms: [],
    });
    await test.untilTold("good", ({ network }) => network?.type === "Online");
    await test.core.stop("good");
    assertEquals(test.status("good").state, "stopped");
    assertEquals(test.status("good").exit, 0);
    assertEquals(test.status("good").reason, "it was asked to stop");
  });
});

Deno.test("Core goes on serving others beside backends that misbehave", async () => {
  const bad = ["flood-lines", "flood-packets", "garbage-open", "mute", "crash"];
  await withCore(async (test) => {
    await test.core.apply([specOf("good"), ...bad.map((mode) => specOf(mode))]);
    await test.untilOpen("good");
    await test.untilTold("flood-packets", ({ state }) => state === "open");
    await test.untilTold("crash", ({ restarts }) => restarts > 0);
    let slowest = 0;
    for (let i = 0; i < 300; i++) {
      const begun = performance.now();
      await test.core.request("good", { type: "ListRooms" });
      slowest = Math.max(slowest, performance.now() - begun);
    }
    assert(slowest < 1000, `a request took ${slowest} ms`);
    assertEquals(test.status("good").restarts, 0);
    assertEquals(test.status("mute").state, "open");
  });
});

Deno.test("Core tells code, signal, delay, and the last lines of a backend that ended", async () => {
  const rules = { ...FAST_RULES, firstDelayMs: 60_000, mostDelayMs: 60_000 };
  await withCore(async (test) => {
    await test.core.apply([specOf("crash"), specOf("killed"), specOf("exit-1")]);
    const crash = await test.untilTold("crash", ({ state }) => state === "waiting");
    assertEquals([crash.exit, crash.signal, crash.pid], [3, undefined, undefined]);
    assertEquals(crash.lastLines.at(-1), "last words 29");
    assertEquals(crash.lastLines.length, 20);
    assertEquals(crash.reason, "Stream ended without Shutdown; exited with code 3");
    assert(Math.abs((crash.restartDelayMs ?? 0) - 60_000) < 1000, `${crash.restartDelayMs}`);
    const killed = await test.untilTold("killed", ({ state }) => state === "waiting");
    assertEquals([killed.exit, killed.signal], [undefined, "SIGKILL"]);
    const exit = await test.untilTold("exit-1", ({ state }) => state === "waiting");
    assertEquals(exit.reason, "It exited with code 1 before it connected");
    // One that waits is stopped, and one that is stopped is started, at once.
    await test.core.stop("crash");
    assertEquals(test.status("crash").state, "stopped");
    assertEquals(test.status("crash").restartDelayMs, undefined);
    await test.core.restart("crash");
    assertEquals(test.status("crash").state, "spawned");
  }, { restartRules: rules });
});

Deno.test("Core starts a backend again until it failed five times", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("exit-0")]);
    await test.until(() => test.status("exit-0").state === "stopped", "giving up");
    const status = test.status("exit-0");
    assertEquals([status.restarts, status.exit], [4, 0]);
    assert(/not started again: it failed 5 times within 300 s$/.test(status.reason ?? ""));
    const ids = test.notices.flatMap((notice) =>
      notice.type === "backend" && notice.status.pid !== undefined ? [notice.status.pid] : []
    );
    assertEquals(new Set(ids).size, 5);
  });
});

Deno.test("Core does not start again what ended for good", async () => {
  await withCore(async (test, folder) => {
    const modes = ["exit-64", "exit-77", "exit-78"];
    const changed = specOf("good", { name: "changed", sha256: "0".repeat(64) });
    await test.core.apply([...modes.map((mode) => specOf(mode)), changed]);
    for (const name of [...modes, "changed"]) {
      await test.until(() => test.status(name).state === "stopped", `the end of ${name}`);
      assertEquals(test.status(name).restarts, 0);
    }
    assert(/its SHA-256 is .*not started again/.test(test.status("changed").reason ?? ""));
    assertEquals([...Deno.readDirSync(`${folder}/state`)].length, 3);
  });
});

Deno.test("Core does not start again what speaks another major version", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("other-major", { seal: "off" })]);
    await test.until(() => test.status("other-major").state === "stopped", "the end");
    const { reason = "", restarts } = test.status("other-major");
    assertEquals(restarts, 0);
    assert(/it speaks API 2\.0, this core 1\.1.*another major version$/.test(reason), reason);
  });
});

Deno.test("Core counts a command that cannot be started as a failure", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("good", { command: ["triba-no-such-program"] })]);
    const status = await test.untilTold("good", ({ state }) => state === "waiting");
    assertEquals(status.reason, 'Cannot run "triba-no-such-program": no such command');
  });
});

Deno.test("Core.apply starts, stops and restarts what differs, and leaves the rest running", async () => {
  const same = specOf("good", { name: "same", account: undefined });
  await withCore(async (test) => {
    const before = [same, specOf("good", { name: "other" }), specOf("good", { name: "gone" })];
    assertEquals((await test.core.apply(before)).started, ["same", "other", "gone"]);
    for (const { name } of before) await test.untilOpen(name);
    const pids = before.map(({ name }) => test.status(name).pid);
    const { account: _, ...copy } = structuredClone(same);
    const after = [
      specOf("good", { name: "new" }),
      specOf("good", { name: "other", environment: { ...same.environment, MORE: "1" } }),
      copy,
    ];
    assertEquals(await test.core.apply(after), {
      started: ["new"],
      removed: ["gone"],
      restarted: ["other"],
      kept: ["same"],
    });
    assertEquals(test.core.backends().map(({ name }) => name), ["new", "other", "same"]);
    assert(test.notices.some((notice) => notice.type === "removed" && notice.backend === "gone"));
    assertEquals(test.status("same").pid, pids[0]);
    assert((await test.untilOpen("other")).pid !== pids[1]);
    assert(isGone(pids[1] ?? 0) && isGone(pids[2] ?? 0));
    for (
      const wrong of [[same, same], [specOf("good", { name: "a/b" })], [{ ...same, command: [] }]]
    ) {
      await assertRejects(() => test.core.apply(wrong), RangeError);
    }
    await assertRejects(
      () => test.core.apply([specOf("good", { handshake: "plain" })]),
      RangeError,
    );
  });
});

Deno.test("Core.request fails for what is not there, is cancelled, or ends before its answer", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("mute"), specOf("never-connect")]);
    await test.untilOpen("mute");
    const codeOf = async (backend: string, signal?: AbortSignal) =>
      (await assertRejects(
        () => test.core.request(backend, { type: "ListRooms" }, signal),
        CallFault,
      ))
        .code;
    assertEquals(await codeOf("nobody"), "not_found");
    assertEquals(await codeOf("never-connect"), "unavailable");
    assertEquals(await codeOf("mute", AbortSignal.abort()), "cancelled");
    assertEquals(await codeOf("mute", AbortSignal.timeout(50)), "cancelled");
    const lost = codeOf("mute");
    Deno.kill(test.status("mute").pid ?? 0, "SIGKILL");
    assertEquals(await lost, "unavailable");
  });
});

Deno.test("Core logs in with the account's secret, and never logs it", async () => {
  await withCore(async (test, folder) => {
    const secretFile = `${folder}/secret`;
    await Deno.writeTextFile(secretFile, "hush-hush\nsecond line\n", { mode: 0o600 });
    const account = { name: "ada", secretFile };
    await test.core.apply([
      specOf("login", { account }),
      specOf("login", { name: "unsealed", seal: "off", account }),
      specOf("login", { name: "without", account: { name: "ada", secretFile: `${folder}/none` } }),
    ]);
    for (const name of ["login", "unsealed"]) {
      await test.until(() => test.lines(name).some((line) => / ada /.test(line)), "the login");
      assert(test.lines(name).includes("info account ada secret of 9"), `${test.lines(name)}`);
    }
    await test.until(
      () => test.lines("without").some((line) => /^error Cannot log in: /.test(line)),
      "the failure",
    );
    assertEquals(test.status("without").state, "open");
    const warnings = (name: string) =>
      test.lines(name).filter((line) => /without sealed-1/.test(line));
    assertEquals([warnings("login").length, warnings("unsealed").length], [0, 1]);
    assert(!JSON.stringify(test.notices).includes("hush"));
    const find = () => test.notices.find((notice) => notice.type === "login");
    await test.until(() => find() !== undefined, "the next step");
    const step = find();
    assertEquals(step?.type === "login" && [step.backend, step.step.kind], ["login", "url"]);
  });
});

Deno.test("Core.trace shows what a decoder needs", async () => {
  const records: TraceRecord[] = [];
  const copy = (record: TraceRecord) => void records.push(structuredClone(record));
  await withCore(async (test) => {
    await test.core.apply([specOf("good")]);
    await test.untilOpen("good");
    await test.core.stop("good");
    const types = records.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
    assertEquals(types.slice(0, 6), ["accepted", "bytes", "admitted", "bytes", "key", "bytes"]);
    assertEquals(types.at(-1), "ended");
    const sent = records.flatMap((record) =>
      record.type === "bytes" && record.from === "backend" ? [record.bytes] : []
    );
    const stream = concat(sent);
    const core = concat(
      records.flatMap((record) =>
        record.type === "bytes" && record.from === "core" ? [record.bytes] : []
      ),
    );
    const key = records.find((record) => record.type === "key");
    assert(key?.type === "key");
    const cipher = createPlainCipher(key.packetKey, core.subarray(32, 44));
    const size = new DataView(stream.buffer).getUint32(48);
    const text = new TextDecoder().decode(cipher.open(stream.subarray(52, 52 + size), 0));
    assert(text.endsWith("HandshakeUpgradeConnection"));
    assertEquals(records.find((record) => record.type === "admitted")?.spawnSecret?.length, 32);
  }, { trace: copy });
});
