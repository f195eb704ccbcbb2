/**
 * One configured backend over all of its runs: started, watched, started again (section 9.2).
 *
 * @module
 */

import { CallFault } from "../call_fault.ts";
import type { Status } from "../bodies/backend.ts";
import type { BackendConnection } from "./connection.ts";
import type { BackendSpec, BackendState, BackendStatus, CoreNotice } from "./control.ts";
import { describeLeftOut, LineBudget } from "./line_budget.ts";
import { MAX_LINES_PER_SECOND } from "./log_lines.ts";
import { readAccountSecret } from "./login.ts";
import { RestartPolicy, type RestartRules } from "./restart.ts";
import { BackendRun, type RunHost } from "./run.ts";
import type { RunResult } from "./run_result.ts";
import { SEALED_1 } from "../constants.ts";
import { FileFault } from "../../files/mod.ts";
import type { LogLevel } from "../../log/mod.ts";
import type { Agreement } from "../session/settings.ts";

const ASKED_TO_STOP = "it was asked to stop";

/** What a supervisor needs of its core. */
export interface SupervisorHost
  extends Omit<RunHost, "changed" | "opened" | "requested" | "logged" | "wrote" | "stateFolder"> {
  /** Folder with one folder for each backend. */
  readonly stateFolders: string;
  /** Numbers from 0 up to 1, for the jitter of delays. */
  readonly jitter: () => number;
  /** When a backend is started again. */
  readonly restartRules: RestartRules;
  /** The id of a session that is open now. */
  readonly opened: (run: BackendRun) => void;
  /** Tells all who listen. */
  readonly notify: (notice: CoreNotice) => void;
}

/** Supervises one backend. */
export class Supervisor {
  readonly #host: SupervisorHost;
  readonly #policy: RestartPolicy;
  readonly #caused = new LineBudget(MAX_LINES_PER_SECOND);
  #spec: BackendSpec;
  #run: BackendRun | undefined;
  #last: RunResult | undefined;
  #network: Status | undefined;
  #restarts = 0;
  #restartAt: number | undefined;
  #reason: string | undefined;
  /** Ends the waiting for a restart; there while the backend is to run. */
  #wanted: AbortController | undefined;
  #loop: Promise<void> = Promise.resolve();
  #operations: Promise<void> = Promise.resolve();

  /** Begins nothing yet. */
  constructor(spec: BackendSpec, host: SupervisorHost) {
    this.#spec = spec;
    this.#host = host;
    this.#policy = new RestartPolicy(host.jitter, host.restartRules);
  }

  /** The configuration. */
  get spec(): BackendSpec {
    return this.#spec;
  }

  /** What the outside sees of it. */
  get status(): BackendStatus {
    const run = this.#run;
    const agreement = run?.state === "open" ? run.connection?.agreement : undefined;
    const status = this.#last?.status;
    return {
      name: this.#spec.name,
      state: this.#state,
      pid: run?.pid,
      network: this.#network,
      agent: agreement?.agent,
      api: agreement && `${agreement.major}.${agreement.minor}`,
      features: [...agreement?.features ?? []].filter((feature) => feature !== SEALED_1).sort(),
      sealed: agreement?.sealed ?? false,
      restarts: this.#restarts,
      exit: status?.code,
      signal: status?.signal,
      restartDelayMs: this.#restartAt &&
        Math.max(0, Math.round(this.#restartAt - performance.now())),
      reason: this.#reason,
      lastLines: run === undefined ? this.#last?.lastLines ?? [] : run.lastLines,
    };
  }

  /** The open session. @throws {CallFault} `unavailable`. */
  get connection(): BackendConnection {
    const connection = this.#run?.state === "open" ? this.#run.connection : undefined;
    if (connection !== undefined) return connection;
    const message = `Backend "${this.#spec.name}" has no open session: it is ${this.#state}`;
    throw new CallFault("unavailable", message);
  }

  /** Starts it, or starts it anew. */
  restart(spec: BackendSpec = this.#spec): Promise<void> {
    return this.#enqueue(async () => {
      await this.#stop();
      this.#spec = spec;
      this.#policy.reset();
      this.#restarts = 0;
      this.#last = undefined;
      this.#wanted = new AbortController();
      this.#loop = this.#runUntilStopped(this.#wanted.signal).catch((error) => this.#fail(error));
    });
  }

  /** Ends it, until somebody starts it. */
  stop(): Promise<void> {
    return this.#enqueue(() => this.#stop());
  }

  get #state(): BackendState {
    if (this.#run !== undefined) return this.#run.state;
    return this.#restartAt === undefined ? "stopped" : "waiting";
  }

  /** One after the other, in the order of the calls. */
  #enqueue(operation: () => Promise<void>): Promise<void> {
    this.#operations = this.#operations.then(operation, operation);
    return this.#operations;
  }

  async #stop(): Promise<void> {
    this.#wanted?.abort();
    this.#run?.stop();
    await this.#loop;
  }

  async #runUntilStopped(signal: AbortSignal): Promise<void> {
    while (true) {
      this.#reason = undefined;
      const result = await this.#runOnce();
      const decision = signal.aborted
        ? { type: "stop", reason: ASKED_TO_STOP } as const
        : this.#policy.ended(result.end, performance.now());
      if (decision.type === "stop" || result.isFinal) {
        const reason = decision.type === "stop" ? decision.reason : "no restart will help";
        return this.#endRuns(result, reason);
      }
      await this.#wait(result, decision.delayMs, signal);
      if (signal.aborted) return this.#endRuns(result, ASKED_TO_STOP);
      this.#restarts++;
    }
  }

  async #runOnce(): Promise<RunResult> {
    const run = this.#run = new BackendRun(this.#spec, this.#createRunHost());
    this.#network = undefined;
    this.#changed();
    try {
      return this.#last = await run.run();
    } finally {
      this.#run = undefined;
      this.#network = undefined;
    }
  }

  #endRuns(result: RunResult, why: string): void {
    const requested = why === ASKED_TO_STOP;
    this.#reason = requested ? why : `${result.reason}; not started again: ${why}`;
    if (!requested) this.#log("error", this.#reason);
    this.#changed();
  }

  /** A mistake of this program, or a permission that it lacks: the other backends go on. */
  #fail(error: unknown): void {
    this.#reason = `Cannot run it: ${error instanceof Error ? error.message : String(error)}`;
    this.#log("error", this.#reason);
    this.#changed();
  }

  async #wait(result: RunResult, delayMs: number, signal: AbortSignal): Promise<void> {
    this.#restartAt = performance.now() + delayMs;
    this.#reason = result.reason;
    this.#log("error", `${result.reason}; started again in ${Math.round(delayMs)} ms`);
    this.#changed();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, delayMs);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    this.#restartAt = undefined;
  }

  #createRunHost(): RunHost {
    const { name } = this.#spec;
    const { notify } = this.#host;
    return {
      ...this.#host,
      stateFolder: `${this.#host.stateFolders}/${name}`,
      changed: () => this.#changed(),
      opened: (agreement) => this.#opened(agreement),
      logged: (level, message) => this.#logCaused(level, message),
      wrote: ({ level, text }) => this.#log(level, text),
      requested: (body) => {
        if (body.type === "Event") notify({ type: "event", backend: name, event: body.event });
        if (body.type !== "Status") return;
        this.#network = body.status;
        this.#changed();
      },
    };
  }

  #opened(agreement: Agreement): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#policy.opened(performance.now());
    this.#host.opened(run);
    const agent = agreement.agent ?? "a backend that does not say its version";
    this.#log("info", `Session is open with ${agent}${agreement.sealed ? ", sealed" : ""}`);
    this.#changed();
    const { account } = this.#spec;
    if (account !== undefined) this.#logIn(run, account);
  }

  /** A login that fails leaves the session open: the user may do it by hand. */
  async #logIn(run: BackendRun, account: NonNullable<BackendSpec["account"]>): Promise<void> {
    try {
      const { secret, warning } = await readAccountSecret(account);
      if (warning !== undefined) this.#log("warn", warning);
      const answer = await run.connection?.call({ type: "Login", account: account.name, secret });
      if (answer?.type !== "LoginStep") return;
      this.#log("info", `Login needs more: ${answer.kind}`);
      this.#host.notify({ type: "login", backend: this.#spec.name, step: answer });
    } catch (error) {
      if (!(error instanceof CallFault || error instanceof FileFault)) throw error;
      this.#log("error", `Cannot log in: ${error.message}`);
    }
  }

  #changed(): void {
    this.#host.notify({ type: "backend", status: this.status });
  }

  /** What the core has to say of a request can come as often as requests do. */
  #logCaused(level: LogLevel, text: string): void {
    const { admitted, leftOut } = this.#caused.take(performance.now());
    if (leftOut > 0) this.#log("warn", describeLeftOut(leftOut));
    if (admitted) this.#log(level, text);
  }

  #log(level: LogLevel, text: string): void {
    const { name } = this.#spec;
    this.#host.notify({ type: "log", backend: name, pid: this.#run?.pid, level, text });
  }
}
