// Cores beside a backend that shares no code with them and has one of 41 defects, and with settings
// of their own for a good one.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BackendSpec } from "../../lib/triba/core/mod.ts";
import { FAST_RULES, specOf, type TestCore, withCore } from "../lib/triba/core/support.ts";
import { pythonCommand, testWithPython } from "../support/python.ts";

function pythonSpec(
  name: string,
  flags: readonly string[],
  overrides: Partial<BackendSpec> = {},
): BackendSpec {
  return specOf(name, {
    command: pythonCommand("triba_backend.py", ...flags),
    arguments: [],
    ...overrides,
  });
}

testWithPython("Core talks to the Python backend in its own form, and counts from 1", async () => {
  await withCore(async (test) => {
    const specs = [
      pythonSpec("tagged", [], { form: "tagged" }),
      pythonSpec("from-one", [], { firstId: 1 }),
    ];
    await test.core.apply(specs);
    for (const { name } of specs) {
      assert((await test.untilOpen(name)).sealed);
      assertEquals((await test.core.request(name, { type: "ListRooms" })).type, "Rooms");
      await test.core.stop(name);
      assertEquals(test.status(name).exit, 0);
    }
  });
});

/** Defects that show before the session is open or at its first requests, and what is said. */
const FATAL: readonly (readonly [string, RegExp, Partial<BackendSpec>?])[] = [
  ["first-id", /Cannot take packet 2: expected 0 or 1/],
  ["hashed-key", /Cannot decrypt packet 0/],
  ["id-skipped", /Cannot take packet \d+: expected \d+/, { seal: "off" }],
  ["little-endian", /in byte order "little" \d+; set byte_order/],
  ["features-own", /Cannot use feature .*: it was not offered/, { seal: "off" }],
  ["seal-unasked", /Cannot use feature "sealed-1": it was not offered/, { seal: "off" }],
  ["tag-first", /Cannot decrypt packet 0/],
  ["two-counters", /Cannot take packet \d+: expected \d+/, { seal: "off" }],
];

testWithPython("Core tells what is wrong with a backend in Python that it ends", async () => {
  await withCore(async (test) => {
    await test.core.apply([
      pythonSpec("good", []),
      ...FATAL.map(([name, , overrides]) => pythonSpec(name, ["--defect", name], overrides)),
    ]);
    await test.untilOpen("good");
    for (const [name, reason] of FATAL) {
      const ended = await test.untilTold(
        name,
        ({ state }) => state === "waiting" || state === "stopped",
      );
      assertMatch(ended.reason ?? "", reason, name);
    }
    await expectGood(test);
  }, { restartRules: { ...FAST_RULES, firstDelayMs: 60_000, mostDelayMs: 60_000 } });
});

testWithPython("Core and its other backends are not hurt by any defect of one", async () => {
  const [command = "", ...args] = pythonCommand("triba_backend.py", "--list-defects");
  const { stdout } = await new Deno.Command(command, { args }).output();
  const defects = new TextDecoder().decode(stdout).trim().split("\n")
    .map((line) => line.split("\t")[0] ?? "");
  assert(defects.length > 30);
  await withCore(async (test) => {
    const specs = defects.map((name) =>
      pythonSpec(name, ["--defect", name], { seal: "off", connectMs: 8_000 })
    );
    await test.core.apply([pythonSpec("good", []), ...specs]);
    await test.untilOpen("good");
    for (const name of defects) {
      await test.untilTold(name, ({ state }) => /open|waiting|stopped|closed/.test(state));
      if (test.status(name).state !== "open") continue;
      const requests = [{ type: "ListRooms" }, { type: "JoinRoom", room: "nowhere" }] as const;
      // Some are answered wrongly or never; what matters is that nothing else suffers.
      const all = requests.map((request) => test.core.request(name, request));
      await Promise.allSettled(all);
    }
    await expectGood(test);
  }, { timeouts: { requestMs: 1_000, handshakeReadMs: 2_000, shutdownMs: 1_000 } });
});

async function expectGood(test: TestCore): Promise<void> {
  assertEquals((await test.core.request("good", { type: "ListRooms" })).type, "Rooms");
  assertEquals([test.status("good").restarts, test.status("good").state], [0, "open"]);
}
