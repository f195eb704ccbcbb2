// Cores as users run them: a folder with a configuration, the program, and what it says as JSON.

import { assert } from "@std/assert";
import { connectEndpoint } from "../../lib/net/mod.ts";
import {
  HubClient,
  type HubMessage,
  type HubNotice,
  type HubRequest,
} from "../../lib/triba/hub/mod.ts";
import { runOnStage, testCases } from "./on_stages.ts";
import type { OutcomeCase } from "./outcomes.ts";
import { type Ended, Program, type StartOptions } from "./program.ts";
import { until } from "./within.ts";

/** Stands where secrets are; no output may hold it. */
export const CANARY = "canary-in-a-coal-mine";

/** A configuration of some echo backends that answer at once. */
export function echoes(...names: readonly string[]): string {
  return names.map((name) =>
    `[backends.${name}]\nbuiltin = "echo"\narguments = ["--delay", "0"]\nstart_timeout = 30\n`
  ).join("\n");
}

/** What one case may use. */
export class CoreStage implements AsyncDisposable {
  readonly #programs: Program[] = [];
  readonly #clients: HubClient[] = [];
  /** An empty folder; its name is short, for the sake of sockets. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<CoreStage> {
    return new CoreStage(await Deno.makeTempDir({ prefix: "triba-" }));
  }

  /** A path in the folder. */
  at(name: string): string {
    return `${this.folder}/${name}`;
  }

  async write(name: string, content: string, mode = 0o600): Promise<string> {
    await Deno.writeTextFile(this.at(name), content);
    await Deno.chmod(this.at(name), mode);
    return this.at(name);
  }

  /** Starts `triba` in the folder. */
  start(args: readonly string[], options: StartOptions = {}): Program {
    const program = Program.start("triba", args, { cwd: this.folder, ...options });
    this.#programs.push(program);
    return program;
  }

  async run(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return await this.start(args, options).ended();
  }

  /** Starts a core with triba.toml. */
  core(args: readonly string[] = [], options: StartOptions = {}): Program {
    return this.start(["core", "--config", "triba.toml", "--state", "state", ...args], options);
  }

  /** Starts a core that listens at the socket `s`, and waits until it does. */
  async listening(args: readonly string[] = [], options: StartOptions = {}): Promise<Program> {
    const program = this.core(["--listen", "unix:s", ...args], options);
    await program.waitFor("stderr", /^ready$/m);
    return program;
  }

  /** Attaches to that socket. */
  async attach(): Promise<Interface> {
    const client = await HubClient.open(await connectEndpoint({ path: this.at("s") }, 5_000));
    this.#clients.push(client);
    return new Interface(client);
  }

  /** Fails if any program let a secret out. */
  assertSilent(): void {
    for (const { stdout, stderr } of this.#programs) {
      assert(!`${stdout}${stderr}`.includes(CANARY), `A secret was shown:\n${stdout}${stderr}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    for (const program of this.#programs) program.kill("SIGTERM");
    await Promise.all(this.#programs.map((program) => program.ended()));
    await Promise.all(this.#programs.map((program) => program[Symbol.asyncDispose]()));
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A user interface at a core. */
export class Interface {
  readonly client: HubClient;
  readonly messages: HubMessage[] = [];
  readonly over: Promise<void>;

  constructor(client: HubClient) {
    this.client = client;
    this.over = client.run((message) => this.messages.push(message)).catch(() => {}); // it ended
  }

  /** All notices with their numbers. */
  get notices(): (HubNotice & { readonly sequence: number })[] {
    return this.messages.flatMap((message) =>
      message.type === "notice" ? [{ ...message.notice, sequence: message.sequence }] : []
    );
  }

  /** Waits for a notice. */
  async notice(isIt: (notice: HubNotice) => boolean, what: string): Promise<HubNotice> {
    await until(() => this.notices.some(isIt), what);
    return this.notices.find(isIt) as HubNotice;
  }

  /** Waits until a backend is online. */
  async online(backend: string): Promise<void> {
    await until(() => {
      const last = this.notices.findLast((notice) =>
        notice.type === "backend" && notice.backend.name === backend
      );
      return last?.type === "backend" && last.backend.network?.type === "Online";
    }, `${backend} to be online`);
  }
}

/** The messages that a core with --json has printed. */
export function printed(program: Program): HubMessage[] {
  return program.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** Types a request into a core with --json. */
export async function ask(program: Program, request: HubRequest): Promise<HubMessage> {
  await program.type(`${JSON.stringify(request)}\n`);
  const isAnswer = (message: HubMessage) => "id" in message && message.id === request.id;
  await until(() => printed(program).some(isAnswer), `the answer to ${request.type}`);
  return printed(program).find(isAnswer) as HubMessage;
}

/** Waits until a core with --json has said that a backend is online. */
export async function online(program: Program, backend: string): Promise<void> {
  await until(
    () =>
      printed(program).some((message) =>
        message.type === "notice" && message.notice.type === "backend" &&
        message.notice.backend.name === backend && message.notice.backend.network?.type === "Online"
      ),
    `${backend} to be online`,
  );
}

/** Registers a test with a step for each case, each on a stage of its own. */
export function testOnCoreStages(
  name: string,
  cases: readonly OutcomeCase<CoreStage>[],
): void {
  testCases(name, cases, onCoreStage);
}

/** Runs one case; afterwards no program has shown a secret. */
export async function onCoreStage(
  run: (stage: CoreStage) => Promise<void>,
  name?: string,
): Promise<void> {
  await runOnStage(() => CoreStage.create(), run, (stage) => stage.assertSilent(), name);
}
