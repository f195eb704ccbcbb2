/**
 * The process of a backend: how it is started, signalled, read and ended (sections 3.1, 3.3 and
 * 9.1). Knows nothing of sessions, so that who plays a core of its own can use it.
 *
 * @module
 */

import { verifyChecksum } from "./child_checksum.ts";
import { makeChildEnvironment } from "./child_environment.ts";
import { ChildOutput } from "./child_output.ts";
import type { BackendSpec } from "./control.ts";
import type { LogLine } from "./log_lines.ts";
import { withFile } from "../../files/mod.ts";
import { CommandFault, findCommand } from "../../process/mod.ts";
import { formatSpawnLine } from "../channel/sealed1.ts";
import { formatIdArgument } from "../id.ts";

/** After the exit the pipes are read for so long: a grandchild may hold them. */
export const PIPE_GRACE_MS = 1_000;
/** From SIGTERM to SIGKILL. */
export const TERM_GRACE_MS = 2_000;
const PRIVATE_MODE = 0o700;

/** What a backend is started with. */
export interface SpawnOptions {
  /** The program and its arguments. */
  readonly spec: Pick<BackendSpec, "command" | "arguments" | "environment" | "sha256">;
  /** The id of this spawn, 16 bytes. */
  readonly id: Uint8Array;
  /** Path of the core's socket, or `@` and an abstract name. */
  readonly socket: string;
  /** The backend's own folder; made with mode 0700 if it is not there. */
  readonly stateFolder: string;
  /** The core's environment, of which section 3.3 lists what is passed on. */
  readonly inherited: Readonly<Record<string, string>>;
  /** The secret of this spawn, 32 bytes, exactly if sealed-1 is required. */
  readonly spawnSecret?: Uint8Array | undefined;
  /** Called for every line that it writes. */
  readonly onLine: (line: LogLine) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: (() => number) | undefined;
}

/** How a process ended: by an exit code or by a signal. */
export interface ExitStatus {
  /** The exit code; undefined if a signal ended it. */
  readonly code: number | undefined;
  /** The signal, such as `SIGKILL`. */
  readonly signal: string | undefined;
}

/**
 * Starts a backend in a session of its own.
 *
 * @throws {CommandFault} if there is no such program, or it cannot be started.
 * @throws {FileFault} with code `changed` if the program is not the one of the configuration, or
 *   what went wrong with the state folder.
 */
export async function spawnBackend(options: SpawnOptions): Promise<BackendProcess> {
  const { spec, id, socket, stateFolder, inherited, spawnSecret } = options;
  const [command = "", ...before] = spec.command;
  const environment = makeChildEnvironment({
    inherited,
    configured: spec.environment,
    socket,
    stateFolder,
    sealed: spawnSecret !== undefined,
  });
  const path = findCommand(command, environment["PATH"]);
  if (spec.sha256 !== undefined) await verifyChecksum(path, spec.sha256);
  await withFile("create", stateFolder, async () => {
    await Deno.mkdir(stateFolder, { recursive: true, mode: PRIVATE_MODE });
    await Deno.chmod(stateFolder, PRIVATE_MODE);
  });
  const idArgument = formatIdArgument(id);
  const args = [...before, idArgument, ...spec.arguments];
  const secretLine = spawnSecret === undefined ? [] : [formatSpawnLine(spawnSecret).trimEnd()];
  const conceal = [idArgument, ...secretLine];
  return startProcess({ command, path, args, environment }, { ...options, conceal });
}

/** A command line and its environment, all of it given. */
export interface ProcessLine {
  /** The command as its user names it, for messages. */
  readonly command: string;
  /** The file that it is. */
  readonly path: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** The whole of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What goes into the process and comes out of it. */
export interface ProcessStreams extends Pick<SpawnOptions, "spawnSecret" | "onLine" | "now"> {
  /** Written to standard input instead of a spawn secret: for who tests backends. */
  readonly input?: Uint8Array | undefined;
  /** Texts that no line of the log may hold. */
  readonly conceal?: readonly string[] | undefined;
}

/**
 * Starts a process in a session of its own, as backends are, with arguments and environment of the
 * caller's making.
 *
 * @throws {CommandFault} if it cannot be started.
 */
export function startProcess(line: ProcessLine, streams: ProcessStreams): BackendProcess {
  const { command, path, args, environment } = line;
  const child = spawn(command, path, {
    args: [...args],
    clearEnv: true,
    env: environment,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true, // a session of its own: Ctrl-C in the core's terminal does not reach it
  });
  return new BackendProcess(child, streams);
}

function spawn(command: string, path: string, options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(path, options).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const state = text.replace(/^Failed to spawn '.*?': /, "").replace(/ \(os error \d+\)$/, "");
    throw new CommandFault("failed", command, state);
  }
}

/** A backend that was started. */
export class BackendProcess {
  /** Its process id, which is also that of its group and its session. */
  readonly pid: number;
  /** Resolves when it has exited. */
  readonly exited: Promise<ExitStatus>;
  /** Resolves when it has exited, its pipes have been read, and nothing is left of its group. */
  readonly ended: Promise<ExitStatus>;

  readonly #output: ChildOutput;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #isOver = false;
  #stopping: Promise<ExitStatus> | undefined;

  /** Use {@linkcode spawnBackend}. */
  constructor(child: Deno.ChildProcess, options: ProcessStreams) {
    this.pid = child.pid;
    this.#output = new ChildOutput(
      child,
      options.onLine,
      options.now ?? (() => performance.now()),
      options.conceal,
    );
    this.#stdin = child.stdin.getWriter();
    this.#stdin.closed.catch(() => {}); // a backend may close its end at any time
    const { input, spawnSecret } = options;
    if (input !== undefined) this.#write(input.slice());
    else if (spawnSecret !== undefined) {
      this.#write(new TextEncoder().encode(formatSpawnLine(spawnSecret)));
    }
    this.exited = child.status.then(({ code, signal }) =>
      signal === null ? { code, signal: undefined } : { code: undefined, signal }
    );
    this.ended = this.exited.then((status) => this.#clean(status));
  }

  /** The last lines that it wrote, the oldest first, at most 20. */
  get lastLines(): readonly string[] {
    return this.#output.last;
  }

  /** Sends a signal to all of its group; false if none of it is left. */
  kill(signal: Deno.Signal): boolean {
    if (this.#isOver) return false; // the number may be another's by now
    try {
      Deno.kill(-this.pid, signal);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      if (error instanceof Deno.errors.PermissionDenied) return true; // it became another user's
      throw error;
    }
  }

  /** Ends it by SIGTERM, and by SIGKILL if it lives on for 2 s; its whole group each time. */
  stop(): Promise<ExitStatus> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<ExitStatus> {
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), TERM_GRACE_MS);
    try {
      await this.exited;
    } finally {
      clearTimeout(timer);
    }
    return await this.ended;
  }

  /** Its children get SIGTERM with its end, and SIGKILL when the time for the pipes is over. */
  async #clean(status: ExitStatus): Promise<ExitStatus> {
    const grace = setTimeout(() => this.#output.giveUp(), PIPE_GRACE_MS);
    const until = performance.now() + PIPE_GRACE_MS;
    this.#isOver = !this.kill("SIGTERM");
    await this.#output.ended;
    clearTimeout(grace);
    if (this.kill("SIGTERM")) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - performance.now())));
      this.kill("SIGKILL");
    }
    this.#isOver = true;
    await this.#stdin.abort().catch(() => {}); // broken by the exit
    return status;
  }

  /** The pipe holds what is written; a backend that never reads it is not waited for. */
  #write(bytes: Uint8Array): void {
    this.#stdin.write(bytes).catch(() => {}).finally(() => bytes.fill(0)); // it may have exited
  }
}
