// What every benchmark works with: an empty folder, programs that are ended whatever happens, and
// dials for the size of it all.

import { hasCommand, Program, type StartOptions } from "../support/program.ts";

/** How much is measured. */
export interface Dials {
  /** Runs of which the median is taken; fewer than 5 are for trying out. */
  readonly runs: number;
  /** Sizes and counts are multiplied by this; below 1 for trying out. */
  readonly scale: number;
  /** A folder of executables to measure instead of the source. */
  readonly executables: string | undefined;
}

/** The place where one benchmark runs. */
export class Lab implements AsyncDisposable {
  readonly folder: string;
  readonly runs: number;
  readonly #dials: Dials;
  readonly #running = new Set<Program>();
  #closed = false;

  private constructor(folder: string, dials: Dials) {
    this.folder = folder;
    this.runs = dials.runs;
    this.#dials = dials;
  }

  static async open(dials: Dials): Promise<Lab> {
    return new Lab(await Deno.makeTempDir({ prefix: "sallyport-bench-" }), dials);
  }

  /** A size or count as the dial wants it, at least 1. */
  scaled(full: number): number {
    return Math.max(1, Math.round(full * this.#dials.scale));
  }

  /** The folder of executables that are measured instead of the source. */
  get executables(): string | undefined {
    return this.#dials.executables;
  }

  /** Tells whoever watches what goes on. */
  note(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  }

  /** Starts one of our programs. */
  start(name: string, args: readonly string[], options: StartOptions = {}): Program {
    const { executables } = this.#dials;
    return this.#keep(() =>
      Program.start(name, args, { cwd: this.folder, executables, ...options })
    );
  }

  /** Starts a peer or a tool. */
  startForeign(command: string, args: readonly string[], options: StartOptions = {}): Program {
    return this.#keep(() => Program.startForeign(command, args, { cwd: this.folder, ...options }));
  }

  /** Waits for programs that must all end with 0 in time; the first that does not ends the rest. */
  async succeed(programs: readonly Program[], timeoutMs: number): Promise<void> {
    try {
      await Promise.all(programs.map(async (program) => {
        const { code, stderr } = await program.ended(timeoutMs);
        if (code !== 0) throw new Error(`Cannot measure: a program ended with ${code}: ${stderr}`);
      }));
    } finally {
      await this.end(programs);
    }
  }

  /** Ends programs at once. */
  async end(programs: Iterable<Program>): Promise<void> {
    const ending = [...programs];
    for (const program of ending) this.#running.delete(program);
    await Promise.all(ending.map((program) => program[Symbol.asyncDispose]()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.end(this.#running);
    await Deno.remove(this.folder, { recursive: true });
  }

  #keep(start: () => Program): Program {
    if (this.#closed) throw new Error("Cannot start a program: the benchmark was ended");
    const program = start();
    this.#running.add(program);
    return program;
  }
}

/** The first of these tools that is not installed. */
export function missingTool(...tools: readonly string[]): string | undefined {
  return tools.find((tool) => !hasCommand(tool));
}
