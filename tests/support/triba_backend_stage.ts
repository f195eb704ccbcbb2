// The stage of one run of a backend's program: a socket that it connects to, and a core in the
// test's own hands.

import { DenoStream } from "../../lib/net/mod.ts";
import {
  type CoreSettings,
  formatIdArgument,
  formatSpawnLine,
  makeId,
} from "../../lib/triba/mod.ts";
import { runOnStage, testCases } from "./on_stages.ts";
import type { OutcomeCase } from "./outcomes.ts";
import { Program, programFlags, RUNTIME_VARIABLES, type StartOptions } from "./program.ts";
import { random, TestCore } from "./triba_core.ts";
import { within } from "./within.ts";

/** The command line of a subcommand of `triba`, for who starts it as a backend. */
export function tribaCommand(...args: readonly string[]): string[] {
  const root = new URL("../../", import.meta.url).pathname;
  const variables = RUNTIME_VARIABLES.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return [
    // A core passes none of these on.
    ...variables.length === 0 ? [] : ["env", ...variables],
    Deno.execPath(),
    "run",
    "--quiet",
    `--config=${root}deno.json`,
    ...programFlags("triba"),
    `${root}cmd/triba/main.ts`,
    ...args,
  ];
}

/** How a core and its backend talk. */
export interface Terms {
  readonly byteOrder?: "big" | "little";
  readonly form?: "compact" | "tagged";
  readonly handshake?: "plain" | "versioned";
  readonly sealed?: boolean;
}

/** What one case may use. */
export class BackendStage implements AsyncDisposable {
  readonly id: Uint8Array = makeId(random);
  readonly secret: Uint8Array = random(32);
  readonly #programs: Program[] = [];
  readonly #listener: Deno.UnixListener;
  readonly #connections: Deno.Conn[] = [];
  readonly #cores: TestCore[] = [];

  private constructor(readonly folder: string) {
    this.#listener = Deno.listen({ transport: "unix", path: this.socket });
  }

  static async create(): Promise<BackendStage> {
    return new BackendStage(await Deno.makeTempDir({ prefix: "triba-test-" }));
  }

  /** Where backends find the core. */
  get socket(): string {
    return `${this.folder}/s`;
  }

  /** The first argument. */
  get idArgument(): string {
    return formatIdArgument(this.id);
  }

  /** Starts `triba` with these words, as a core would. */
  start(args: readonly string[], options: StartOptions = {}): Program {
    const env = { TRIBA_SOCKET: this.socket, TMPDIR: this.folder, ...options.env };
    const program = Program.start("triba", args, {
      stdin: "open",
      cwd: this.folder,
      ...options,
      env,
    });
    this.#programs.push(program);
    return program;
  }

  /** Starts a backend with its id; under sealed-1 the secret is written too. */
  async startBackend(
    args: readonly string[],
    { sealed = false }: Terms = {},
    options: StartOptions = {},
  ): Promise<Program> {
    const env = { ...(sealed ? { TRIBA_SEAL: "stdin" } : {}), ...options.env };
    const program = this.start(args, { ...options, env });
    if (sealed) await program.type(formatSpawnLine(this.secret));
    return program;
  }

  /** Waits for a connection, as it is. */
  async accept(): Promise<Deno.Conn> {
    const connection = await within(this.#listener.accept(), "a connection");
    this.#connections.push(connection);
    return connection;
  }

  /** Waits for a connection and speaks with it. */
  async connect(terms: Terms = {}, settings: Partial<CoreSettings> = {}): Promise<TestCore> {
    const { byteOrder, form, handshake, sealed = false } = terms;
    const core = new TestCore(new DenoStream(await this.accept(), "the backend"), {
      byteOrder,
      form,
      handshake,
      spawnSecret: sealed ? this.secret : undefined,
      ...settings,
    });
    this.#cores.push(core);
    return core;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    // A backend that still runs ends first: its core then closes the connection by itself.
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
    for (const core of this.#cores) await core.ended;
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already
      }
    }
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Runs one case. */
export async function onBackendStage(
  run: (stage: BackendStage) => Promise<void>,
  name?: string,
): Promise<void> {
  await runOnStage(BackendStage.create, run, () => {}, name);
}

/** Registers cases as steps of one test. */
export function testOnBackendStages(
  name: string,
  cases: readonly OutcomeCase<BackendStage>[],
): void {
  testCases(name, cases, onBackendStage);
}
