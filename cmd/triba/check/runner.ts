/**
 * Runs check points: those first on which others rely, several at a time, all of them even when some
 * fail.
 *
 * @module
 */

import { Blocked, Failure, type Point, Skipped, type Verdict } from "./verdict.ts";

/** Where a point is played; one for each that runs at the same time. */
export interface PointStage extends AsyncDisposable {
  /** Ends what a point left. */
  clear(): Promise<void>;
  /** Ends what points share: one has failed. */
  drop(): Promise<void>;
}

/** How points are run. */
export interface RunOptions<S extends PointStage> {
  /** Makes a stage. */
  readonly makeStage: () => S;
  /** How many run at the same time. */
  readonly parallel: number;
  /** Called with each verdict, in the order of the points, as soon as those before it are there. */
  readonly onVerdict?: ((verdict: Verdict) => void) | undefined;
  /** Ends everything. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs points and returns their verdicts in the order of the points.
 *
 * @throws what a point throws that is no verdict, such as a command that cannot be started; or the
 *   signal's reason.
 */
export async function runPoints<S extends PointStage>(
  points: readonly Point<S>[],
  options: RunOptions<S>,
): Promise<readonly Verdict[]> {
  const queue = new Queue(points, options.onVerdict);
  const workers = Array.from({ length: Math.min(options.parallel, points.length) }, async () => {
    await using stage = options.makeStage();
    try {
      await work(queue, stage, options);
    } catch (error) {
      queue.stop();
      throw error;
    }
  });
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return points.map(({ id }) => queue.verdicts.get(id) as Verdict);
}

/** Whether an id is the text or begins with it; `F1` is no beginning of `F16`, and `F16` one of `F16.2`. */
export function isChosen(id: string, text: string): boolean {
  return id.startsWith(text) && !/^[0-9]{2}/.test(text.slice(-1) + id.slice(text.length));
}

/** The chosen points and those that they need; chosen are ids and beginnings of ids. */
export function choosePoints<S>(
  points: readonly Point<S>[],
  chosen: readonly string[],
): { readonly needed: readonly Point<S>[]; readonly shown: ReadonlySet<string> } {
  const shown = new Set(
    points.filter(({ id }) => chosen.length === 0 || chosen.some((text) => isChosen(id, text)))
      .map(({ id }) => id),
  );
  const byId = new Map(points.map((point) => [point.id, point]));
  const needed = new Set<string>();
  for (const id of shown) {
    for (let next: string | undefined = id; next !== undefined; next = byId.get(next)?.needs) {
      needed.add(next);
    }
  }
  return { needed: points.filter(({ id }) => needed.has(id)), shown };
}

/** Points that wait, and what came of the others. */
class Queue<S> {
  readonly verdicts = new Map<string, Verdict>();
  readonly #waiting: Set<Point<S>>;
  readonly #known: ReadonlySet<string>;
  readonly #unreported: string[];
  readonly #report: RunOptions<PointStage>["onVerdict"];
  #changed = Promise.withResolvers<void>();
  #stopped = false;

  constructor(points: readonly Point<S>[], report: RunOptions<PointStage>["onVerdict"]) {
    this.#waiting = new Set(points);
    this.#unreported = points.map(({ id }) => id);
    this.#known = new Set(this.#unreported);
    this.#report = report;
  }

  /** The next point whose turn it is, with what is known of the one it needs. */
  async take(): Promise<{ point: Point<S>; basis: Verdict | undefined } | undefined> {
    while (this.#waiting.size > 0 && !this.#stopped) {
      for (const point of this.#waiting) {
        const { needs } = point;
        const basis = needs === undefined ? undefined : this.verdicts.get(needs);
        if (needs !== undefined && basis === undefined && this.#known.has(needs)) continue;
        this.#waiting.delete(point);
        return { point, basis };
      }
      await this.#changed.promise;
    }
    return undefined;
  }

  put(verdict: Verdict): void {
    this.verdicts.set(verdict.point.id, verdict);
    while (true) {
      const first = this.verdicts.get(this.#unreported[0] ?? "");
      if (first === undefined) break;
      this.#unreported.shift();
      this.#report?.(first);
    }
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

async function work<S extends PointStage>(
  queue: Queue<S>,
  stage: S,
  options: RunOptions<S>,
): Promise<void> {
  const { signal } = options;
  for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
    signal?.throwIfAborted();
    const { point, basis } = next;
    const verdict = basis === undefined || basis.result === "pass"
      ? await play(point, stage, signal)
      : inherit(point, basis);
    if (verdict.result === "fail" || verdict.result === "blocked") await stage.drop();
    await stage.clear();
    queue.put(verdict);
  }
}

async function play<S>(
  point: Point<S>,
  stage: S,
  signal: AbortSignal | undefined,
): Promise<Verdict> {
  const started = performance.now();
  const end = (rest: Omit<Verdict, "point" | "milliseconds">): Verdict => ({
    point,
    ...rest,
    milliseconds: Math.round(performance.now() - started),
  });
  try {
    await unlessAborted(point.run(stage), signal);
    return end({ result: "pass" });
  } catch (error) {
    if (error instanceof Skipped) return end({ result: "skip", reason: error.message });
    if (error instanceof Failure) return end(describe(point, error));
    if (!(error instanceof Blocked)) throw error;
    if (error.by === point.id) return end(describe(point, error.failure));
    return end({ result: "blocked", reason: error.message });
  }
}

function describe<S>(
  { advice }: Point<S>,
  { expected, seen, advice: better }: Failure,
): Omit<Verdict, "point" | "milliseconds"> {
  return { result: "fail", expected, seen, advice: better ?? advice };
}

/** What the verdict on a point means for those that need it. */
function inherit<S>(point: Point<S>, basis: Verdict): Verdict {
  if (basis.result === "skip") {
    return { point, result: "skip", reason: basis.reason, milliseconds: 0 };
  }
  const reason = basis.result === "blocked" ? basis.reason : `${basis.point.id} fails`;
  return { point, result: "blocked", reason, milliseconds: 0 };
}

/** The result, or the signal's reason; what goes on behind it is ended with its stage. */
export async function unlessAborted<T>(
  running: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await running;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  running.catch(() => {}); // if it fails later, nobody waits for it any more
  try {
    return await Promise.race([running, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
