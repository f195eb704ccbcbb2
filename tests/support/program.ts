// Running the programs as a user does: from source with exactly the flags of their tasks, or as
// executables. What they print can be waited for.

import { concat } from "@std/bytes/concat";
import { readProcess } from "./proc.ts";
import { until } from "./within.ts";

const ROOT = new URL("../../", import.meta.url);
const utf8 = new TextDecoder();

/** What tells the runtime where its packages are and may come from. */
export const RUNTIME_VARIABLES: readonly string[] = ["DENO_DIR", "DENO_TLS_CA_STORE"];

/** A program's task in deno.json is `deno run FLAGS cmd/PROGRAM/main.ts`; these are its flags. */
export function programFlags(program: string): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const words: string[] = tasks[program]?.command.split(" ") ?? [];
  if (words[0] !== "deno" || words[1] !== "run" || words.at(-1) !== `cmd/${program}/main.ts`) {
    throw new Error(`Cannot run ${program}: its task in deno.json does not`);
  }
  return words.slice(2, -1);
}

/** How a program is started. */
export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; "open" leaves it open, absent is /dev/null. */
  readonly stdin?: string | Uint8Array | "open";
  /** A command in front, which runs the program: `["setpriv", "--bounding-set=-all"]`. */
  readonly through?: readonly string[];
  /** Runs it on a terminal of its own; what it prints then arrives as standard output. */
  readonly terminal?: boolean;
  /** A folder of executables to use instead of the source. */
  readonly executables?: string | undefined;
  /** Called for every line as it comes. */
  readonly onLine?: (stream: "stdout" | "stderr", line: string) => void;
}

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that hangs is given up after this time, in milliseconds. */
const PATIENCE_MS = 30_000;

/** Whether programs can be run on a terminal here: `script` of util-linux makes one. */
export const HAS_TERMINALS = hasCommand("script");

/** Whether a command is on the path. */
export function hasCommand(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false; // no such file, or none that we may look at
    }
  });
}

/** Runs a command line on a terminal: it hangs up when its own standard input ends. */
function onTerminal(words: readonly string[]): string[] {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return ["script", "--quiet", "--return", "--command", `exec ${quoted}`, "/dev/null"];
}

/** A program that runs. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #readers: readonly Promise<void>[];
  readonly #onLine: StartOptions["onLine"];
  readonly #terminal: boolean;
  #status: Deno.CommandStatus | undefined;
  readonly stdin: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #leadsGroup: boolean;
  #changed = Promise.withResolvers<void>();

  private constructor(child: Deno.ChildProcess, options: StartOptions, leadsGroup: boolean) {
    this.#child = child;
    this.#leadsGroup = leadsGroup;
    this.#onLine = options.onLine;
    this.#terminal = options.terminal ?? false;
    child.status.then((status) => this.#status = status);
    this.#readers = [this.#read("stdout"), this.#read("stderr")];
    if (options.stdin === undefined) return;
    this.stdin = child.stdin.getWriter();
    if (options.stdin === "open") return;
    const input = options.stdin;
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    // A program may end without reading it all.
    this.stdin.write(bytes).then(() => this.stdin?.close()).catch(() => {});
  }

  /** Starts `relay`, `coffer-server` and so on with nothing in its environment but what is given. */
  static start(name: string, args: readonly string[], options: StartOptions = {}): Program {
    const fromSource = options.executables === undefined;
    const path = new URL(`cmd/${name}/main.ts`, ROOT).pathname;
    const own: Record<string, string> = {};
    if (fromSource) {
      for (const key of [...RUNTIME_VARIABLES, "HOME", "PATH"]) {
        const value = Deno.env.get(key);
        if (value !== undefined) own[key] = value;
      }
    }
    const line = fromSource
      ? [Deno.execPath(), "run", "--quiet", `--config=${new URL("deno.json", ROOT).pathname}`]
        .concat(programFlags(name), path, args)
      : [`${options.executables}/${name}`, ...args];
    const words = [...options.through ?? [], ...line];
    const [command = "", ...rest] = options.terminal ? onTerminal(words) : words;
    const child = new Deno.Command(command, {
      args: rest,
      clearEnv: true,
      env: { NO_COLOR: "1", ...own, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Program(child, options, false);
  }

  /** Starts any other program or pipeline; signals go to all of its processes. */
  static startForeign(
    command: string,
    args: readonly string[],
    { cwd, env, ...options }: StartOptions = {},
  ): Program {
    const child = new Deno.Command(command, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      detached: true, // a process group of its own
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Program(child, options, true);
  }

  /** Runs a program to its end. */
  static async run(
    name: string,
    args: readonly string[],
    options: StartOptions = {},
  ): Promise<Ended> {
    await using program = Program.start(name, args, options);
    return await program.ended();
  }

  /** The process of the program itself, also where another one runs it on a terminal. */
  get pid(): number {
    const { pid } = this.#child;
    if (!this.#terminal || !this.running) return pid;
    const [child] = readProcess(pid, `task/${pid}/children`).split(" ");
    return Number(child) || pid;
  }

  /** Whether it has not ended yet. */
  get running(): boolean {
    return this.#status === undefined;
  }

  get stdout(): string {
    return utf8.decode(this.stdoutBytes);
  }

  get stdoutBytes(): Uint8Array<ArrayBuffer> {
    return concat(this.#output.stdout);
  }

  get stderr(): string {
    return utf8.decode(concat(this.#output.stderr));
  }

  /** Waits until the output matches; fails if the program ends first or it takes too long. */
  async waitFor(
    stream: "stdout" | "stderr",
    pattern: RegExp,
    timeout = PATIENCE_MS,
  ): Promise<RegExpExecArray> {
    const ended = Promise.all(this.#readers).then(() => true);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`No ${pattern} within ${timeout} ms in:\n${this.#describe()}`)),
      timeout,
    );
    try {
      while (true) {
        const found = pattern.exec(this[stream]);
        if (found !== null) return found;
        if (await Promise.race([this.#changed.promise, ended, late.promise])) {
          const last = pattern.exec(this[stream]);
          if (last !== null) return last;
          throw new Error(`The program ended without ${pattern}:\n${this.#describe()}`);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Types at its terminal, or into an open standard input. */
  async type(keys: string): Promise<void> {
    await this.stdin?.write(new TextEncoder().encode(keys));
  }

  /** Waits for the end; 128 + n if a signal killed it. Fails if it takes too long. */
  async ended(timeout = PATIENCE_MS): Promise<Ended> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.kill("SIGKILL");
    }, timeout);
    try {
      const [{ code }] = await Promise.all([this.#child.status, ...this.#readers]);
      if (late) throw new Error(`Not ended after ${timeout} ms:\n${this.#describe()}`);
      return { code, stdout: this.stdout, stderr: this.stderr };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal; harmless if it has ended. */
  kill(signal: Deno.Signal): void {
    try {
      if (this.#leadsGroup) Deno.kill(-this.#child.pid, signal);
      else if (this.#terminal) Deno.kill(this.pid, signal);
      else this.#child.kill(signal);
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Takes the terminal away, and waits until the program is gone. */
  async hangUp(): Promise<void> {
    const { pid } = this;
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await until(() => readProcess(pid, "stat") === "", "the end of the program");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended();
    await this.stdin?.close().catch(() => {}); // closed already, or broken by the end
  }

  async #read(stream: "stdout" | "stderr"): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child[stream]) {
      this.#output[stream].push(chunk);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers<void>();
      if (this.#onLine === undefined) continue;
      const lines = (rest + utf8.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#onLine(stream, line);
    }
  }

  #describe(): string {
    return `stdout: ${this.stdout}\nstderr: ${this.stderr}`;
  }
}
