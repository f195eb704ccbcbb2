// A core in Python that was written from the protocol's text: the checker passes it and notices each
// of its defects.

import { assert, assertEquals } from "@std/assert";
import { CORE_POINTS } from "../../cmd/triba/check/core/points.ts";
import { counts } from "../../cmd/triba/check/verdict.ts";
import { pythonCommand, testWithPython } from "../support/python.ts";
import {
  checkCore,
  checkDefects,
  type Defects,
  describeFailures,
  idsOf,
} from "../support/triba_check.ts";

const core = (...args: readonly string[]) =>
  pythonCommand("triba_core.py", ...args, "--", "{backend}");

/** Points of sealed-1 do not apply to it. */
const SEALING = ["S01", "S02", "S03"];

/** Defects and the points that fail among those named here. */
const NOTICED: Defects = {
  "answers-unknown-id": ["F02.1"],
  "crashes": ["F10.1", "F11.1"],
  "environment-passed": ["I06"],
  "event-ignored": ["A02", "A04"],
  "folder-open": ["I04"],
  "id-kept": ["I02"],
  "key-early": ["H02"],
  "nonce-kept": ["H05"],
  "restart-at-once": ["R02", "R03"],
  "second-taken": ["F04"],
  "success-skipped": ["H10"],
  "tampered-dropped": ["F08.2"],
};

/** Those that no core may be released with: a point of level must tells of them. */
const GRAVE = new Set(["answers-unknown-id", "key-early", "success-skipped"]);

testWithPython(
  "triba check --core: every defect that the Python core can have is in the table",
  async () => {
    const [command = "", ...args] = pythonCommand("triba_core.py", "--list-defects");
    const { stdout } = await new Deno.Command(command, { args }).output();
    const names = new TextDecoder().decode(stdout).trim().split("\n")
      .map((line) => line.split("\t")[0]);
    assertEquals(names, Object.keys(NOTICED).sort());
  },
);

testWithPython("triba check --core: the Python core holds at every point", async () => {
  const verdicts = await checkCore(core());
  assertEquals(describeFailures(verdicts), "");
  assertEquals(idsOf(verdicts, "skip"), SEALING);
  assertEquals(idsOf(verdicts, "pass").length, CORE_POINTS.length - SEALING.length);
});

testWithPython("triba check --core: notices each defect", async (t) => {
  const found = await checkDefects(NOTICED, (defect, options) => {
    const only = NOTICED[defect] ?? [];
    return checkCore(core("--defect", defect), { only, alone: true, ...options });
  });
  for (const [defect, verdicts] of found) {
    await t.step(defect, () => {
      assertEquals(idsOf(verdicts, "fail"), NOTICED[defect], describeFailures(verdicts));
      assert(verdicts.some((verdict) => counts(verdict, true)), "--strict would end with 0");
      assertEquals(verdicts.some((verdict) => counts(verdict, false)), GRAVE.has(defect));
    });
  }
});
