/**
 * The backend behind a tap: in the process group of the tap, with its standard streams, so that the
 * core reads its logs and reaches it with signals as if there were no tap.
 *
 * @module
 */

import { CommandFault, findCommand } from "../../../lib/process/mod.ts";

/** Signals of the core reach the group; who got none by then gets it from the tap. */
const PASS_SIGNAL_AFTER_MS = 1_000;
/** A backend must exit within 5 s of the end of its stream (section 9.1). */
const EXIT_GRACE_MS = 5_000;
const KILL_AFTER_MS = 2_000;

/** What a tapped backend is started with. */
export interface TappedProcessOptions {
  /** The program. */
  readonly command: string;
  /** All of its arguments. */
  readonly args: readonly string[];
  /** Variables that differ from those of the tap. */
  readonly environment: Readonly<Record<string, string>>;
  /** Written to its standard input, which stays open. */
  readonly input: string | undefined;
}

/** A backend that was started. */
export class TappedProcess {
  /** Resolves when it has exited. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #over = false;

  /**
   * Starts it.
   *
   * @throws {CommandFault} if there is no such program, or it cannot be started.
   */
  constructor({ command, args, environment, input }: TappedProcessOptions) {
    this.#child = spawn(command, {
      args: [...args],
      env: { ...environment },
      stdin: "piped",
      stdout: "inherit",
      stderr: "inherit",
    });
    const stdin = this.#child.stdin.getWriter();
    stdin.closed.catch(() => {}); // it may close its end at any time
    if (input !== undefined) stdin.write(new TextEncoder().encode(input)).catch(() => {});
    this.ended = this.#child.status.then(async (status) => {
      this.#over = true;
      for (const timer of this.#timers) clearTimeout(timer);
      await stdin.abort().catch(() => {}); // broken by the exit
      return status;
    });
  }

  /** The tap was told to end: the backend is told the same, unless it was and ends. */
  passOn(signal: Deno.Signal): void {
    this.#after(PASS_SIGNAL_AFTER_MS, () => this.#kill(signal));
  }

  /** Its stream is over: it must exit. */
  mustExit(): void {
    this.#after(EXIT_GRACE_MS, () => {
      this.#kill("SIGTERM");
      this.#after(KILL_AFTER_MS, () => this.#kill("SIGKILL"));
    });
  }

  #after(ms: number, action: () => void): void {
    if (!this.#over) this.#timers.add(setTimeout(action, ms));
  }

  #kill(signal: Deno.Signal): void {
    if (!this.#over) this.#child.kill(signal);
  }
}

function spawn(command: string, options: Deno.CommandOptions): Deno.ChildProcess {
  const path = findCommand(command, Deno.env.get("PATH"));
  try {
    return new Deno.Command(path, options).spawn();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new CommandFault("failed", command, text.replace(/^Failed to spawn '.*?': /, ""));
  }
}
