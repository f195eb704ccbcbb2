/**
 * Sees to it that no backend outlives a core that is killed. A backend of this project ends when
 * its stream does (section 9.1); a foreign one may not notice, or may not care, and what it started
 * holds no stream at all. Nobody of this process is left to end them, so another process does: a
 * shell that reads process ids from a pipe. The pipe ends with the core, however that ends.
 *
 * @module
 */

import { WATCHDOG_SCRIPT } from "./watchdog_script.ts";

const SHELL = "/bin/sh";
/** Where the script finds `sleep`, if the environment has no PATH. */
const DEFAULT_PATH = "/bin:/usr/bin";
/** A watchdog that is killed is replaced so often; then it is not wanted. */
const MAX_STARTS = 5;

/** What a watchdog needs. */
export interface WatchdogOptions {
  /** The environment's PATH. */
  readonly path: string | undefined;
  /** The core's socket, to be removed with its folder after a core that could not do it. */
  readonly socket?: string | undefined;
  /** Told when there is no watchdog, or no longer. */
  readonly warn: (text: string) => void;
}

/** Watches over the processes of one core. */
export class Watchdog {
  readonly #path: string;
  readonly #socket: string;
  readonly #warn: (text: string) => void;
  readonly #pids = new Set<number>();
  #shell: Shell | undefined;
  #starts = 0;
  #closed = false;

  /** Starts nothing before there is something to watch over. */
  constructor({ path, socket, warn }: WatchdogOptions) {
    this.#path = path ?? DEFAULT_PATH;
    this.#socket = socket ?? "";
    this.#warn = warn;
  }

  /**
   * Watches over the session of a process, whose number that is; the result ends that, and what is
   * left of the session then.
   */
  watch(pid: number): () => void {
    this.#pids.add(pid);
    if (this.#shell === undefined) this.#start();
    else this.#shell.write(`add ${pid}\n`);
    return () => {
      if (this.#pids.delete(pid)) this.#shell?.write(`end ${pid}\n`);
    };
  }

  /** Ends it; what it still watches over is left alone, for about a second. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#shell?.close();
  }

  #start(): void {
    if (this.#closed || this.#starts++ === MAX_STARTS) return;
    try {
      this.#shell = new Shell(this.#path, this.#socket, () => this.#replace());
    } catch (error) {
      this.#starts = MAX_STARTS + 1;
      const reason = error instanceof Error ? error.message : String(error);
      this.#warn(`Cannot watch over backends, in case that this core is killed: ${reason}`);
      return;
    }
    for (const pid of this.#pids) this.#shell.write(`add ${pid}\n`);
  }

  #replace(): void {
    if (this.#closed) return;
    this.#shell = undefined;
    this.#warn("The process that watches over backends, in case that this core is killed, is gone");
    if (this.#pids.size > 0) this.#start();
  }
}

/** The other process. */
class Shell {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  constructor(path: string, socket: string, onEnd: () => void) {
    this.#child = new Deno.Command(SHELL, {
      args: ["-c", WATCHDOG_SCRIPT, "triba-watchdog", socket],
      cwd: "/",
      clearEnv: true,
      env: { PATH: path },
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true, // out of reach of what is sent to the core's group
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#stdin.closed.catch(() => {}); // its end is told by its status
    this.#child.status.then(async () => {
      onEnd();
      await this.#stdin.abort().catch(() => {}); // closed already, or broken by that end
    });
  }

  write(line: string): void {
    this.#stdin.write(new TextEncoder().encode(line)).catch(() => {}); // its end is told
  }

  async close(): Promise<void> {
    await this.#stdin.close().catch(() => {}); // its end is told
    await this.#child.status;
  }
}
