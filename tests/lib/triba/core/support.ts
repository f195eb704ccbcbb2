// A core with backends of tests/support in processes of their own.

import {
  type BackendSpec,
  type BackendStatus,
  Core,
  type CoreNotice,
  type CoreOptions,
} from "../../../../lib/triba/core/mod.ts";
import { createLogger } from "../../../../lib/log/mod.ts";
import { RESTART_RULES } from "../../../../lib/triba/core/restart.ts";
import { withTemporaryFolder } from "../../../support/folder.ts";
import { readProcess } from "../../../support/proc.ts";
import { within } from "../../../support/within.ts";

const SCRIPT = new URL("../../../support/bad_backend.ts", import.meta.url).pathname;

/** Delays that a test can wait for. */
export const FAST_RULES = { ...RESTART_RULES, firstDelayMs: 50, mostDelayMs: 100, jitter: 0 };

/** How one backend of a mode of bad_backend.ts is configured. */
export function specOf(mode: string, overrides: Partial<BackendSpec> = {}): BackendSpec {
  const environment: Record<string, string> = { NO_COLOR: "1" };
  const cache = Deno.env.get("DENO_DIR");
  if (cache !== undefined) environment["DENO_DIR"] = cache;
  return {
    name: mode,
    command: [Deno.execPath(), "run", "--quiet", "--frozen", "-A", SCRIPT],
    arguments: [mode],
    environment,
    byteOrder: "big",
    form: "compact",
    handshake: "versioned",
    seal: "require",
    firstId: 0,
    connectMs: 20_000,
    ...overrides,
  };
}

/** A core of a test, and all that it told. */
export class TestCore {
  readonly notices: CoreNotice[] = [];
  readonly log: string[] = [];
  #core: Core | undefined;
  #wake = Promise.withResolvers<void>();

  get core(): Core {
    if (this.#core === undefined) throw new Error("The core is not open yet");
    return this.#core;
  }

  set core(core: Core) {
    this.#core = core;
    core.subscribe((notice) => {
      this.notices.push(notice);
      this.#told();
    });
  }

  write(line: string): void {
    this.log.push(line);
    this.#told();
  }

  #told(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  status(name: string): BackendStatus {
    const found = this.core.backends().find((status) => status.name === name);
    if (found === undefined) throw new Error(`No backend "${name}"`);
    return found;
  }

  /** Waits until it is so, looking after all that the core tells. */
  async until(isSo: () => boolean, what: string): Promise<void> {
    const wait = async () => {
      while (!isSo()) await this.#wake.promise;
    };
    try {
      await within(wait(), what, 25_000);
    } catch (error) {
      throw new Error(`${error}\n${this.lines().join("\n")}\n${this.log.join("\n")}`);
    }
  }

  async untilOpen(name: string): Promise<BackendStatus> {
    await this.until(() => this.status(name).state === "open", `${name} to open`);
    return this.status(name);
  }

  /** Waits for a state that was told, even if it is over by now. */
  async untilTold(
    name: string,
    match: (status: BackendStatus) => boolean,
  ): Promise<BackendStatus> {
    const find = () =>
      this.notices.flatMap((notice) => notice.type === "backend" ? [notice.status] : [])
        .find((status) => status.name === name && match(status));
    await this.until(() => find() !== undefined, `a status of ${name}`);
    return find() as BackendStatus;
  }

  /** The log lines of a backend, or of all. */
  lines(name?: string): string[] {
    return this.notices.flatMap((notice) =>
      notice.type === "log" && (name ?? notice.backend) === notice.backend
        ? [`${notice.level} ${notice.text}`]
        : []
    );
  }
}

/** Runs with an open core that has no backends yet; closes it. */
export async function withCore(
  run: (test: TestCore, folder: string) => Promise<void>,
  options: Partial<CoreOptions> = {},
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const test = new TestCore();
    await using core = await Core.open({
      agent: "test-core/1",
      stateFolder: `${folder}/state`,
      environment: Deno.env.toObject(),
      socket: { runtimeFolder: folder },
      log: createLogger({ format: "text", level: "debug", write: (line) => test.write(line) }),
      restartRules: FAST_RULES,
      ...options,
    });
    test.core = core;
    await run(test, folder);
  });
}

/** Whether a process is gone, or only waits for its parent to look at its status. */
export function isGone(pid: number): boolean {
  const [, state] = /\) (\w)/.exec(readProcess(pid, "stat")) ?? [];
  return state === undefined || state === "Z";
}
