// Tests as cases on stages: each case has one of its own, a bounded time, and a check at its end.

import type { OutcomeCase } from "./outcomes.ts";
import { within } from "./within.ts";

/** No case may take longer, in milliseconds. */
const PATIENCE_MS = 60_000;

/** Runs one case on a stage of its own. */
export async function runOnStage<S extends AsyncDisposable>(
  create: () => Promise<S>,
  run: (stage: S) => Promise<void>,
  check: (stage: S) => void,
  name = "the case",
): Promise<void> {
  await using stage = await create();
  await within(run(stage), name, PATIENCE_MS);
  check(stage);
}

/** Registers a test with a step for each case. */
export function testCases<S>(
  name: string,
  cases: readonly OutcomeCase<S>[],
  onStage: (run: (stage: S) => Promise<void>, name: string) => Promise<void>,
): void {
  Deno.test(name, async (t) => {
    for (const { name, run, skipped } of cases) {
      await t.step({
        name: skipped === undefined ? name : `${name} (skipped: ${skipped})`,
        ignore: skipped !== undefined,
        fn: () => onStage(run, name),
      });
    }
  });
}
