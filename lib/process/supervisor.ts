/**
 * Running a command as a child: signals are passed on, its exit status is ours.
 *
 * @module
 */

import { commandFault, ENOEXEC } from "./fault.ts";
import type { CommandLine } from "./replace.ts";
import { PASSED_ON, type PassedOnSignal } from "./signals.ts";

/** Signals that a terminal sends to all processes of a job: the child has got them already. */
const OF_TERMINALS: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT"]);
/** Signals after which no command is started any more. */
const ENDING: ReadonlySet<string> = new Set(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]);

/** What a supervisor needs. */
export interface SupervisorOptions {
  /** Signals that are left as they are. */
  readonly isIgnored?: ((signal: PassedOnSignal) => boolean) | undefined;
  /** Whether a terminal may send signals to us and the child at once; asked of standard input. */
  readonly onTerminal?: boolean | undefined;
}

/** Keeps one command at a time; disposing ends the listening to signals. */
export class Supervisor implements Disposable {
  readonly #handlers: readonly (readonly [PassedOnSignal, () => void])[];
  readonly #onTerminal: boolean;
  #child: Deno.ChildProcess | undefined;
  #stopping = false;
  #endedBy: PassedOnSignal | undefined;

  /** Listens to signals from now on. */
  constructor(options: SupervisorOptions = {}) {
    this.#onTerminal = options.onTerminal ?? Deno.stdin.isTerminal();
    const signals = Object.keys(PASSED_ON) as PassedOnSignal[];
    this.#handlers = signals.filter((signal) => options.isIgnored?.(signal) !== true)
      .map((signal) => [signal, () => this.#receive(signal)]);
    for (const [signal, handler] of this.#handlers) Deno.addSignalListener(signal, handler);
  }

  /** The exit status to end with when a signal came while no command could take it. */
  get interrupted(): number | undefined {
    return this.#endedBy && 128 + PASSED_ON[this.#endedBy];
  }

  /**
   * Starts a command; the promise gives its exit status, 128 + n if signal n ended it.
   *
   * @throws {CommandFault} when it cannot be started.
   */
  start(command: CommandLine): Promise<number> {
    const [name = command.path, ...args] = command.words;
    const child = spawn(command, name, args);
    this.#child = child;
    return child.status.then(({ code }) => {
      if (this.#child === child) this.#child = undefined;
      return code;
    });
  }

  /** Ends the command: SIGTERM, and after the grace period SIGKILL. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#stopping = true;
    signalChild(child, "SIGTERM");
    const timer = setTimeout(() => signalChild(child, "SIGKILL"), graceMs);
    await child.status;
    clearTimeout(timer);
    this.#stopping = false;
  }

  /** Ends the listening; a command that runs is left alone. */
  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) Deno.removeSignalListener(signal, handler);
  }

  #receive(signal: PassedOnSignal): void {
    if (ENDING.has(signal) && (this.#child === undefined || this.#stopping)) {
      this.#endedBy ??= signal;
    }
    if (this.#onTerminal && OF_TERMINALS.has(signal)) return;
    if (this.#child !== undefined) signalChild(this.#child, signal);
  }
}

function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended, we are about to learn that
  }
}

function spawn(command: CommandLine, name: string, args: readonly string[]): Deno.ChildProcess {
  const start = (path: string, args: readonly string[]) =>
    new Deno.Command(path, {
      args: [...args],
      env: Object.fromEntries(command.environment),
      clearEnv: command.clearEnvironment,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  try {
    return start(command.path, args);
  } catch (error) {
    if (systemError(error) !== ENOEXEC) throw commandFault(systemError(error), name);
  }
  try {
    // A script without a first line for the kernel, as execvp(3) runs it; not every release of the
    // runtime does.
    return start("/bin/sh", [command.path, ...args]);
  } catch (error) {
    throw commandFault(systemError(error), name);
  }
}

/** The number of a system's error, which the runtime gives in its text only. */
function systemError(error: unknown): number {
  const text = error instanceof Error ? error.message : String(error);
  return Number(/os error (\d+)/.exec(text)?.[1] ?? 0);
}
