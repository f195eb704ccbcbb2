/**
 * One run of the core under test, and the backends that it starts.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import {
  type BackendRun,
  endScript,
  isRunning,
  MARK,
  pidOf,
  readRun,
  watchStarts,
  writeScript,
} from "./script.ts";
import { Line } from "../line.ts";
import { withPatience } from "../patience.ts";
import type { Subject } from "../trial.ts";
import { DenoStream, toNetFault } from "../../../../lib/net/mod.ts";
import { findCommand } from "../../../../lib/process/mod.ts";
import {
  type BackendProcess,
  type ExitStatus,
  startProcess,
} from "../../../../lib/triba/core/mod.ts";

/** What stands in the command of a core for the path of the backend to run. */
export const BACKEND_PLACEHOLDER = "{backend}";
/** What stands in it for a private folder, empty at the start. */
export const FOLDER_PLACEHOLDER = "{folder}";
const PRIVATE_MODE = 0o700;
/** How often a process is looked at that should end, in milliseconds. */
const LOOK_MS = 20;

/** A core that runs. */
export class CoreTrial implements AsyncDisposable {
  /** Its process. */
  readonly process: BackendProcess;
  readonly #folder: string;
  readonly #runs: BackendRun[] = [];
  readonly #ends: Disposable[] = [];
  readonly #lines: Line[] = [];
  readonly #ended = new Set<number>();
  readonly #watcher: Deno.FsWatcher;
  readonly #watching: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #status: ExitStatus | undefined;

  private constructor(process: BackendProcess, folder: string, watcher: Deno.FsWatcher) {
    this.process = process;
    this.#folder = folder;
    this.#watcher = watcher;
    this.#watching = this.#watch();
    process.exited.then((status) => {
      this.#status = status;
      this.#wake();
    });
  }

  /**
   * Starts it.
   *
   * @throws {CommandFault} if there is no such command or it cannot be run.
   */
  static async start(subject: Subject): Promise<CoreTrial> {
    // Short names: a core may put its socket there, and addresses of sockets are short.
    const folder = `${subject.folder}/${crypto.randomUUID().slice(0, 8)}`;
    const own = `${folder}/c`;
    const runs = `${folder}/r`;
    for (const path of [folder, own, runs]) await Deno.mkdir(path, { mode: PRIVATE_MODE });
    const backend = await writeScript(runs);
    const [command = "", ...args] = subject.command.map((word) =>
      word.replaceAll(BACKEND_PLACEHOLDER, backend).replaceAll(FOLDER_PLACEHOLDER, own)
    );
    const environment: Record<string, string> = {
      ...subject.inherited,
      TMPDIR: own, // it is killed, and leaves what it made
      XDG_RUNTIME_DIR: own,
      ...subject.configured,
      [MARK]: "1",
    };
    const path = findCommand(command, environment["PATH"]);
    const watcher = watchStarts(runs);
    try {
      const streams = { onLine: () => {} };
      const process = startProcess({ command, path, args, environment }, streams);
      return new CoreTrial(process, folder, watcher);
    } catch (error) {
      watcher.close();
      throw error;
    }
  }

  /** How it ended; undefined while it runs. */
  get status(): ExitStatus | undefined {
    return this.#status;
  }

  /** How many backends it has started. */
  get runs(): number {
    return this.#runs.length;
  }

  /** Its backend of this number from 1; undefined if it starts none in time or ends before. */
  async run(number: number, patienceMs: number): Promise<BackendRun | undefined> {
    await withPatience(
      () => this.#runs.length >= number || this.#status !== undefined,
      () => this.#changed.promise,
      patienceMs,
    );
    return this.#runs[number - 1];
  }

  /** How it ends; undefined if it does not in time. */
  async exit(patienceMs: number): Promise<ExitStatus | undefined> {
    const isOver = () => this.#status !== undefined;
    await withPatience(isOver, () => this.#changed.promise, patienceMs);
    return this.#status;
  }

  /** Ends a backend with an exit code, and waits until its process is gone. */
  async endRun({ pid }: BackendRun, code: number, patienceMs: number): Promise<void> {
    if (this.#ended.has(pid)) return;
    this.#ends.push(await endScript(`${this.#folder}/r`, pid, code));
    if (await this.isGone({ pid }, patienceMs)) this.#ended.add(pid);
  }

  /** Whether the process of a backend ends in time. */
  async isGone({ pid }: Pick<BackendRun, "pid">, patienceMs: number): Promise<boolean> {
    const until = performance.now() + patienceMs;
    while (isRunning(pid) && performance.now() < until) await delay(LOOK_MS);
    return !isRunning(pid);
  }

  /** A connection to one of its sockets, which ends with it. */
  async connect(address: string): Promise<Line> {
    const line = await openLine(address);
    this.#lines.push(line);
    return line;
  }

  /** Asks the core to end. */
  ask(): void {
    this.process.kill("SIGTERM");
  }

  /** Ends the core and all of its backends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await Promise.all(this.#lines.map((line) => line.close()));
    this.#watcher.close();
    await this.#watching;
    for (const { pid } of this.#runs) if (!this.#ended.has(pid)) end(pid);
    for (const end of this.#ends) end[Symbol.dispose]();
    await this.process.ended;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #watch(): Promise<void> {
    const known = new Set<number>();
    for await (const { paths } of this.#watcher) {
      for (const pid of paths.map((path) => pidOf(`${this.#folder}/r`, path))) {
        if (pid === undefined || known.has(pid)) continue;
        known.add(pid);
        this.#runs.push(await readRun(`${this.#folder}/r`, pid));
        this.#wake();
      }
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function end(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // its core has ended it
  }
}

/** Connects to a core's socket: a path, or `@` and an abstract name. */
async function openLine(address: string): Promise<Line> {
  const path = address.startsWith("@") ? `\0${address.slice(1)}` : address;
  try {
    return new Line(new DenoStream(await Deno.connect({ transport: "unix", path }), address));
  } catch (error) {
    throw toNetFault(error, `connect to ${JSON.stringify(address)}`);
  }
}
