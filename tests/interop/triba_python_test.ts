// A backend in Python that was written from the protocol's text alone: the checker passes it and
// notices each of its defects, and a core of this project runs it.

import { assert, assertEquals } from "@std/assert";
import { BACKEND_POINTS } from "../../cmd/triba/check/backend/points.ts";
import { counts } from "../../cmd/triba/check/verdict.ts";
import { pythonCommand, testWithPython } from "../support/python.ts";
import {
  checkBackend,
  checkDefects,
  type Defects,
  describeFailures,
  idsOf,
} from "../support/triba_check.ts";
import { specOf, withCore } from "../lib/triba/core/support.ts";

const backend = (...args: readonly string[]) => pythonCommand("triba_backend.py", ...args);

/** Points of level must: without them no defect could stop a program from being released. */
const MUST = BACKEND_POINTS.filter(({ level }) => level === "must").map(({ id }) => id);

/** Defects of which a point of level must tells, with all points of that level that fail. */
const NOTICED_BY_MUST: Defects = {
  "answers-twice": ["P03"],
  "bin-names": ["H06"],
  "first-id": ["P01"],
  "hashed-key": ["H05"],
  "id-skipped": ["P02"],
  "little-endian": ["H05"],
  "ping-ignored": ["P03", "P06", "P07", "F16.1"],
  "req-own": ["P03"],
  "size-whole": ["H05"],
  "stdin-read": ["H01"],
  "success-ignored": ["H08", "H10"],
  "tag-first": ["H05"],
  "tag-unchecked": ["F08.1"],
  "two-counters": ["P02"],
  "unknown-closed": ["F16.1"],
  "version-demanded": ["H08"],
};

/** Defects of which only points of lower levels tell; these fail among the ones named. */
const NOTICED_BY_OTHERS: Defects = {
  "argument-ignored": ["F17.1", "F17.11"],
  "bytes-left": ["F09.13", "F09.1"],
  "exit-one": ["X69.1", "X76"],
  "features-own": ["H11"],
  "float-id": ["F09.5"],
  "form-fixed": ["P05"],
  "gap-taken": ["F10.1", "F10.2"],
  "handshake-late": ["F12.1"],
  "id-strict": ["I01", "I02", "I03"],
  "inner-id": ["S07"],
  "key-early": ["H02"],
  "key-kept": ["H04"],
  "long-ids": ["P04"],
  "low-order": ["F06.1"],
  "no-limit": ["F07.3"],
  "reconnects": ["L02"],
  "rooms-of-core": ["F12.3"],
  "seal-lax": ["S03", "S04"],
  "seal-unasked": ["S01"],
  "shutdown-stays": ["L03"],
  "socket-fixed": ["I05"],
  "stays": ["L01"],
  "tampered-dropped": ["F08.2"],
  "txn-ignored": ["A20"],
  "unmatched-taken": ["F11.1"],
};

/** Points that may fail as well, as numbers of both sides meet by chance. */
const BY_CHANCE: Defects = {
  "req-own": ["P06", "P07", "F16.1"],
};

testWithPython(
  "triba check: every defect that the Python backend can have is in one of the tables",
  async () => {
    const [command = "", ...args] = backend("--list-defects");
    const { stdout } = await new Deno.Command(command, { args }).output();
    const names = new TextDecoder().decode(stdout).trim().split("\n")
      .map((line) => line.split("\t")[0]);
    const known = [...Object.keys(NOTICED_BY_MUST), ...Object.keys(NOTICED_BY_OTHERS)];
    assertEquals(names, known.sort());
  },
);

testWithPython("triba check: the Python backend holds at every point", async () => {
  const verdicts = await checkBackend(backend(), { room: "echo" });
  assertEquals(describeFailures(verdicts), "");
  const skipped = idsOf(verdicts, "skip").filter((id) => id !== "I07"); // no abstract sockets in Deno 2.6
  assertEquals([skipped, verdicts.length], [[], BACKEND_POINTS.length]);
});

testWithPython(
  "triba check: the Python backend holds in the other byte order, form and handshake",
  async () => {
    const verdicts = await checkBackend(backend("--byte-order", "little", "--form", "tagged"), {
      byteOrder: "little",
      form: "tagged",
      handshake: "plain",
      only: ["P", "A01", "A02", "F07", "F16"],
      alone: true,
    });
    assertEquals(describeFailures(verdicts), "");
  },
);

testWithPython("triba check: notices each defect at a point of level must", async (t) => {
  const found = await checkDefects(
    NOTICED_BY_MUST,
    (defect, options) => checkBackend(backend("--defect", defect), { only: MUST, ...options }),
  );
  for (const [defect, verdicts] of found) {
    await t.step(defect, () => {
      const failed = idsOf(verdicts, "fail").filter((id) => !BY_CHANCE[defect]?.includes(id));
      assertEquals(failed, NOTICED_BY_MUST[defect], describeFailures(verdicts));
      assert(verdicts.some((verdict) => counts(verdict, false)), "the exit status would be 0");
    });
  }
});

testWithPython("triba check: notices each other defect", async (t) => {
  const found = await checkDefects(NOTICED_BY_OTHERS, (defect, options) => {
    const only = NOTICED_BY_OTHERS[defect] ?? [];
    const command = backend("--defect", defect);
    return checkBackend(command, { only, alone: true, room: "echo", ...options });
  });
  for (const [defect, verdicts] of found) {
    await t.step(defect, () => {
      const failed = idsOf(verdicts, "fail");
      assertEquals(failed, NOTICED_BY_OTHERS[defect], describeFailures(verdicts));
      assert(verdicts.some((verdict) => counts(verdict, true)), "--strict would end with 0");
    });
  }
});

/** A Python backend as a core is configured to run it, and what the backend is told of it. */
const RUNS = {
  "as it is": [[], {}],
  "with sizes in the other byte order": [["--byte-order", "little"], { byteOrder: "little" }],
  "in the tagged form": [["--form", "tagged"], { form: "tagged" }],
  "without the version exchange": [["--plain"], { handshake: "plain" }],
  "which does not know the version exchange": [["--plain"], {}],
  "sealed": [[], { seal: "require" }],
} as const;

for (const [title, [args, overrides]] of Object.entries(RUNS)) {
  testWithPython(`Core runs the Python backend ${title}`, async () => {
    await withCore(async (test) => {
      await test.core.apply([specOf("python", {
        command: backend(...args),
        arguments: [],
        environment: {},
        seal: "off",
        ...overrides,
      })]);
      const status = await test.untilOpen("python");
      assertEquals(status.sealed, "seal" in overrides);
      assertEquals(await test.core.request("python", { type: "ListRooms" }), {
        type: "Rooms",
        rooms: ["echo", "slow"].map((id) => ({
          id,
          name: `${id[0]?.toUpperCase()}${id.slice(1)}`,
          topic: null,
          unread: 0,
          direct: false,
        })),
      });
      const content = { type: "Text", text: "Grüße ☕ 日本" } as const;
      const sent = await test.core.request("python", {
        type: "SendMessage",
        room: "echo",
        txn: "1",
        content,
      });
      assertEquals(sent, { type: "Sent", message: "m1" });
      await test.until(
        () => test.notices.some((notice) => notice.type === "event"),
        "the echo of a message",
      );
      await test.core.stop("python");
      assertEquals(test.status("python").state, "stopped");
      // Without the version nobody knows whether it understands Shutdown: it gets a signal.
      if (!args.includes("--plain" as never)) assertEquals(test.status("python").exit, 0);
    });
  });
}
