// Check points of `triba check` run in the test's own process.

import { BACKEND_POINTS } from "../../cmd/triba/check/backend/points.ts";
import { CORE_POINTS } from "../../cmd/triba/check/core/points.ts";
import { CoreStage } from "../../cmd/triba/check/core/core_stage.ts";
import { choosePoints, runPoints } from "../../cmd/triba/check/runner.ts";
import type { Manner } from "../../cmd/triba/check/side.ts";
import { type Facts, Stage } from "../../cmd/triba/check/stage.ts";
import type { Verdict } from "../../cmd/triba/check/verdict.ts";
import { withTemporaryFolder } from "./folder.ts";

/** How a test runs points. */
export interface CheckTestOptions extends Partial<Manner> {
  /** Ids and beginnings of ids; all unless given. */
  readonly only?: readonly string[];
  /** Only these and not those that they need: where it is known that they hold. */
  readonly alone?: boolean;
  readonly room?: string;
}

/** Long enough for a busy machine, as what holds is quick; what hangs on purpose has its own. */
const PATIENCE_MS = 10_000;
const PARALLEL = 3;

function makeManner(options: CheckTestOptions): Manner {
  const { byteOrder = "big", form = "compact", handshake = "versioned" } = options;
  return { byteOrder, form, handshake, patienceMs: options.patienceMs ?? PATIENCE_MS };
}

function choose<P extends { readonly id: string; readonly needs?: string | undefined }>(
  points: readonly P[],
  { only = [], alone = false }: CheckTestOptions,
): readonly P[] {
  const { needed, shown } = choosePoints(points as never, only);
  return alone ? points.filter(({ id }) => shown.has(id)) : needed as never;
}

/** Runs points against a backend. */
export async function checkBackend(
  command: readonly string[],
  options: CheckTestOptions = {},
): Promise<readonly Verdict[]> {
  return await inFolder(async (folder) => {
    const subject = { command, inherited: Deno.env.toObject(), configured: {}, folder };
    const facts: Facts = {};
    const { room } = options;
    return await runPoints(choose(BACKEND_POINTS, options), {
      makeStage: () => new Stage({ subject, manner: makeManner(options), room, facts }),
      parallel: PARALLEL,
    });
  });
}

/** Runs points against a core. */
export async function checkCore(
  command: readonly string[],
  options: CheckTestOptions = {},
): Promise<readonly Verdict[]> {
  return await inFolder(async (folder) => {
    const subject = { command, inherited: Deno.env.toObject(), configured: {}, folder };
    return await runPoints(choose(CORE_POINTS, options), {
      makeStage: () => new CoreStage(subject, makeManner(options)),
      parallel: PARALLEL,
    });
  });
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const result = Promise.withResolvers<T>();
  await withTemporaryFolder(async (folder) => result.resolve(await run(folder)));
  return await result.promise;
}

/** Defects that are tried at the same time: most of them is waiting in vain. */
const DEFECTS_AT_ONCE = 3;
/** What a defective program does not do is waited for in vain: not for long. */
const IMPATIENT_MS = 3_000;

/** A table of defects, each with the points that tell of it. */
export type Defects = Readonly<Record<string, readonly string[]>>;

/** Runs points against a program with each of some defects; the function says which points. */
export async function checkDefects(
  defects: Defects,
  check: (defect: string, options: CheckTestOptions) => Promise<readonly Verdict[]>,
): Promise<ReadonlyMap<string, readonly Verdict[]>> {
  const found = new Map<string, readonly Verdict[]>();
  const waiting = Object.keys(defects);
  const work = async () => {
    for (let defect = waiting.shift(); defect !== undefined; defect = waiting.shift()) {
      found.set(defect, await check(defect, { patienceMs: IMPATIENT_MS }));
    }
  };
  await Promise.all(Array.from({ length: DEFECTS_AT_ONCE }, work));
  return found;
}

/** The ids of verdicts that came out so. */
export function idsOf(verdicts: readonly Verdict[], ...results: readonly Verdict["result"][]) {
  return verdicts.filter(({ result }) => results.includes(result)).map(({ point }) => point.id);
}

/** What does not hold, to be shown by a test that fails. */
export function describeFailures(verdicts: readonly Verdict[]): string {
  return verdicts.filter(({ result }) => result === "fail" || result === "blocked")
    .map(({ point, expected, seen, reason }) => `${point.id}: ${reason ?? `${expected}; ${seen}`}`)
    .join("\n");
}
