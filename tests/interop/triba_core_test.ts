// Cores with a backend that shares no code with them: triba_backend.py, good and with each of its
// defects.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BackendSpec } from "../../lib/triba/core/mod.ts";
import { FAST_RULES, specOf, type TestCore, withCore } from "../lib/triba/core/support.ts";
import { findPythonBackend } from "../support/triba_python.ts";

const python = findPythonBackend();
const options = { ignore: python === undefined };
if (python === undefined) {
  Deno.test({ name: "no Python with msgpack and AES-GCM-SIV here", ignore: true, fn: () => {} });
}

function pythonSpec(
  name: string,
  flags: readonly string[],
  overrides: Partial<BackendSpec> = {},
): BackendSpec {
  return specOf(name, { command: [...python ?? [], ...flags], arguments: [], ...overrides });
}

const WAYS: readonly BackendSpec[] = [
  pythonSpec("sealed", []),
  pythonSpec("versioned", [], { seal: "off" }),
  pythonSpec("plain", ["--plain"], { seal: "off", handshake: "plain" }),
  pythonSpec("little", ["--byte-order", "little"], { byteOrder: "little" }),
  pythonSpec("tagged", [], { form: "tagged" }),
  pythonSpec("tagged-backend", ["--form", "tagged"]),
  pythonSpec("from-one", [], { firstId: 1 }),
];

Deno.test("Core and a backend in Python: every way to talk", options, async () => {
  await withCore(async (test) => {
    await test.core.apply(WAYS);
    for (const { name, seal, handshake } of WAYS) {
      const status = await test.untilOpen(name);
      assertEquals(status.sealed, seal === "require", name);
      assertEquals(status.api, handshake === "plain" ? "0.0" : "1.0", name);
      const rooms = await test.core.request(name, { type: "ListRooms" });
      assert(rooms.type === "Rooms" && rooms.rooms.some(({ id }) => id === "echo"), name);
      const content = { type: "Text", text: "h\u00e9llo" } as const;
      const message = { type: "SendMessage", room: "echo", txn: "1", content } as const;
      const sent = await test.core.request(name, message);
      assertEquals(await test.core.request(name, message), sent, name);
    }
    await Promise.all(WAYS.map(({ name }) => test.core.stop(name)));
    for (const { name, handshake } of WAYS) {
      const { exit, signal } = test.status(name);
      // Without a version nobody knows of Shutdown: it is closed, and gets SIGTERM.
      if (handshake === "versioned") assertEquals([exit, signal], [0, undefined], name);
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

Deno.test("Core and a backend in Python: what is wrong ends it, and is told", options, async () => {
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

Deno.test(
  "Core and a backend in Python: no defect hurts the core or another",
  options,
  async () => {
    const [command = "", ...args] = python ?? [];
    const { stdout } = await new Deno.Command(command, { args: [...args, "--list-defects"] })
      .output();
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
  },
);

async function expectGood(test: TestCore): Promise<void> {
  assertEquals((await test.core.request("good", { type: "ListRooms" })).type, "Rooms");
  assertEquals([test.status("good").restarts, test.status("good").state], [0, "open"]);
}
