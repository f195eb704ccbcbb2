// Rows of the fault table (section 8) over a real socket, with backends in processes of their own.

import { assert, assertEquals } from "@std/assert";
import { FAST_RULES, specOf, withCore } from "./support.ts";

const SLOW_RULES = { ...FAST_RULES, firstDelayMs: 60_000, mostDelayMs: 60_000 };

Deno.test("Core F01: a stream that ends in the handshake is a failed start", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("hang-up", { name: "hang-up" })]);
    const status = await test.untilTold("hang-up", ({ state }) => state === "waiting");
    assertEquals(
      status.reason,
      'Stream ended in the handshake, in state "key"; exited with code 4',
    );
  }, { restartRules: SLOW_RULES });
});

Deno.test("Core F02: an id that nobody was given gets no byte, and is logged", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("wrong-id")]);
    await test.untilOpen("wrong-id");
    assert(test.lines("wrong-id").includes("info stranger got 0 bytes"));
    assert(
      test.log.includes(
        "warn: Connection refused: Cannot admit id 0707...: unknown or expired",
      ),
      `${test.log}`,
    );
  });
});

Deno.test("Core F02: who connects after its time is refused, stopped, and started again", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("never-connect", { connectMs: 300 })]);
    const status = await test.untilTold("never-connect", ({ state }) => state === "waiting");
    assertEquals(status.reason, "It did not connect within 300 ms; ended by SIGTERM");
    await test.untilTold("never-connect", ({ restarts }) => restarts === 1);
  });
});

Deno.test("Core F03: an id shown twice before its session is open ends both and the child", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("twice-before"), specOf("good")]);
    await test.untilOpen("good");
    const status = await test.untilTold("twice-before", ({ state }) => state === "waiting");
    assert(/^Cannot admit id [0-9a-f]{4}\.\.\.: shown twice before/.test(status.reason ?? ""));
    assertEquals(status.signal, "SIGTERM");
    assert(
      test.lines("twice-before").some((line) => /^error Cannot admit id .*: shown/.test(line)),
    );
    assertEquals(test.status("good").state, "open");
  }, { restartRules: SLOW_RULES });
});

Deno.test("Core F04: the id of an open session again is refused, and the session goes on", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("twice-open")]);
    await test.untilTold("twice-open", ({ network }) => network?.type === "Online");
    assert(test.lines("twice-open").includes("info second got 0 bytes"));
    assertEquals(test.status("twice-open").state, "open");
    assert(
      test.log.some((line) => /^warn: Connection refused: .*: its session is open$/.test(line)),
      `${test.log}`,
    );
  });
});

Deno.test("Core keeps a number of connections without an id, and no more", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("crowd")]);
    await test.untilOpen("crowd");
    assert(test.lines("crowd").includes("info refused 28"), `${test.lines("crowd")}`);
    const refused = test.log.filter((line) => /too many have not shown an id most=272$/.test(line));
    assertEquals(refused.length, 28);
  });
});

Deno.test("Core drops a connection that says nothing after 5 s", async () => {
  await withCore(async (test) => {
    await test.core.apply([specOf("silent")]);
    await test.until(
      () => test.log.some((line) => /Handshake took too long: .* "id"/.test(line)),
      "the time-out",
    );
  }, { timeouts: { handshakeReadMs: 200 } });
});

Deno.test("Core closes on garbage in each state, and says what was wrong", async () => {
  const cases = [
    ["garbage-before", undefined],
    ["garbage-handshake", /Cannot read a packet of 2863311530 bytes/],
    ["garbage-open", /Cannot decrypt packet \d+/],
  ] as const;
  await withCore(async (test) => {
    await test.core.apply(cases.map(([mode]) => specOf(mode, { connectMs: 2_000 })));
    for (const [mode, reason] of cases) {
      const status = await test.untilTold(mode, ({ state }) => state === "waiting");
      assertEquals(status.signal, "SIGTERM");
      if (reason !== undefined) assert(reason.test(status.reason ?? ""), status.reason);
    }
    assert(test.log.some((line) => /Cannot admit id aaaa\.\.\./.test(line)), `${test.log}`);
  }, { restartRules: SLOW_RULES });
});
