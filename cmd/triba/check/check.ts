/**
 * `triba check`: runs a foreign program through the protocol and says what does not hold.
 *
 * @module
 */

import { BACKEND_POINTS } from "./backend/points.ts";
import { CheckReport } from "./check_report.ts";
import { BACKEND_PLACEHOLDER } from "./core/core_trial.ts";
import { CoreStage } from "./core/core_stage.ts";
import { CORE_POINTS } from "./core/points.ts";
import { choosePoints, isChosen, runPoints, unlessAborted } from "./runner.ts";
import { type Facts, Stage } from "./stage.ts";
import type { Manner } from "./side.ts";
import type { Subject } from "./trial.ts";
import { Blocked, Failure, type Point, type PointTexts } from "./verdict.ts";
import { CHECK, CHECK_EXIT } from "../args/check.ts";
import { EXIT, ExitFault, listenForSignals, type OptionValues } from "../../../lib/cli/mod.ts";
import { FileFault } from "../../../lib/files/mod.ts";
import { CommandFault } from "../../../lib/process/mod.ts";

/** Options of `triba check`. */
export type CheckOptions = OptionValues<typeof CHECK.options>;

/** Runs the check; the result is the exit status. */
export async function check(
  options: CheckOptions,
  operands: readonly string[],
): Promise<number> {
  const { core } = options;
  const { shown } = core ? select(CORE_POINTS, options.only) : select(BACKEND_POINTS, options.only);
  const report = new CheckReport(options, `triba check ${operands.join(" ")}`, shown);
  if (options.list) {
    const points: readonly PointTexts[] = core ? CORE_POINTS : BACKEND_POINTS;
    for (const point of points) if (shown.has(point.id)) report.list(point);
    return EXIT.done;
  }
  if (core && !operands.some((word) => word.includes(BACKEND_PLACEHOLDER))) {
    throw new ExitFault(
      EXIT.usage,
      `Missing argument: -- COMMAND... with ${BACKEND_PLACEHOLDER} in it`,
      'Run "triba check --help" for an example',
    );
  }
  if (operands.length === 0) {
    throw new ExitFault(EXIT.usage, "Missing argument: -- COMMAND...", 'Run "triba check --help"');
  }
  using interrupts = listenForSignals(["SIGINT", "SIGTERM"]);
  try {
    return await withFolder(async (folder) => {
      const subject = makeSubject(options, operands, folder);
      const run = core ? checkCore : checkBackend;
      await run(subject, options, report, interrupts.signal);
      return await report.finish() ? EXIT.done : EXIT.failed;
    });
  } catch (error) {
    throw toExitFault(error);
  }
}

/** What to tell the user; anything that nobody expects is passed on as it is. */
function toExitFault(error: unknown): unknown {
  if (error instanceof FileFault) {
    return new ExitFault(EXIT.file, error.message, undefined, { cause: error });
  }
  if (!(error instanceof CommandFault)) return error;
  const status = error.code === "missing" ? CHECK_EXIT.missing : CHECK_EXIT.notExecutable;
  return new ExitFault(status, error.message, undefined, { cause: error });
}

function select<S>(points: readonly Point<S>[], only: readonly string[]) {
  for (const text of only) {
    if (points.some(({ id }) => isChosen(id, text))) continue;
    throw new ExitFault(EXIT.usage, `No point begins with "${text}"`, 'Run "triba check --list"');
  }
  return choosePoints(points, only);
}

async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  // As watchers of files will name it.
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "triba-check-" }));
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function makeSubject(
  options: CheckOptions,
  command: readonly string[],
  folder: string,
): Subject {
  return {
    command,
    inherited: Deno.env.toObject(),
    configured: Object.fromEntries(options.env),
    folder,
  };
}

async function checkBackend(
  subject: Subject,
  options: CheckOptions,
  report: CheckReport,
  signal: AbortSignal,
): Promise<void> {
  const facts: Facts = {};
  const { room } = options;
  const makeStage = (handshake: Manner["handshake"]) =>
    new Stage({ subject, manner: makeManner(options, handshake), room, facts });
  const handshake = options.handshake === "auto"
    ? await findHandshake(makeStage("versioned"), signal)
    : options.handshake;
  await runPoints(select(BACKEND_POINTS, options.only).needed, {
    makeStage: () => makeStage(handshake),
    parallel: options.parallel,
    onVerdict: (verdict) => report.add(verdict),
    signal,
  });
}

async function checkCore(
  subject: Subject,
  options: CheckOptions,
  report: CheckReport,
  signal: AbortSignal,
): Promise<void> {
  await runPoints(select(CORE_POINTS, options.only).needed, {
    makeStage: () => new CoreStage(subject, makeManner(options, "versioned")),
    parallel: options.parallel,
    onVerdict: (verdict) => report.add(verdict),
    signal,
  });
}

function makeManner(
  { byteOrder, form, timeout: patienceMs }: CheckOptions,
  handshake: Manner["handshake"],
): Manner {
  return { byteOrder, form, handshake, patienceMs };
}

/** Whether the backend bears to be asked for its version; if it fails earlier, a point will say so. */
async function findHandshake(stage: Stage, signal: AbortSignal): Promise<Manner["handshake"]> {
  await using _ = stage;
  const ask = async () => await (await stage.upgraded()).exchangeVersions();
  try {
    await unlessAborted(ask(), signal);
    return "versioned";
  } catch (error) {
    if (error instanceof Blocked) return "versioned";
    if (error instanceof Failure) return "plain";
    throw error;
  }
}
