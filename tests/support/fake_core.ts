// A core without processes: what it is asked is kept, and answered as the test says.

import type { BackendStatus, CoreControl, CoreNotice } from "../../lib/triba/core/mod.ts";
import { type Answer, CallFault, type CoreCall } from "../../lib/triba/mod.ts";

/** What a test answers a request with. */
export type FakeAnswer = (backend: string, call: CoreCall, signal?: AbortSignal) => Promise<Answer>;

/** The status of a backend that works. */
export function openStatus(name: string, change: Partial<BackendStatus> = {}): BackendStatus {
  return {
    name,
    state: "open",
    pid: 4711,
    network: { type: "Online" },
    agent: "fake/1",
    api: "1.1",
    features: ["edit", "remove", "members"],
    sealed: true,
    restarts: 0,
    lastLines: [],
    ...change,
  };
}

/** A core as parties see it. */
export class FakeCore implements CoreControl {
  readonly asked: { readonly backend: string; readonly call: CoreCall }[] = [];
  readonly done: string[] = [];
  readonly #statuses: Map<string, BackendStatus>;
  readonly #notify = new Set<(notice: CoreNotice) => void>();
  answer: FakeAnswer = () => Promise.resolve({ type: "Success" });

  constructor(...names: readonly string[]) {
    this.#statuses = new Map(names.map((name) => [name, openStatus(name)]));
  }

  backends(): readonly BackendStatus[] {
    return [...this.#statuses.values()];
  }

  async request(backend: string, call: CoreCall, signal?: AbortSignal): Promise<Answer> {
    const status = this.#find(backend);
    if (status.state !== "open") throw new CallFault("unavailable", "Cannot ask: not open");
    this.asked.push({ backend, call });
    return await this.answer(backend, call, signal);
  }

  restart(backend: string): Promise<void> {
    return this.#act(`restart ${backend}`, backend);
  }

  stop(backend: string): Promise<void> {
    return this.#act(`stop ${backend}`, backend);
  }

  subscribe(notify: (notice: CoreNotice) => void): () => void {
    this.#notify.add(notify);
    return () => this.#notify.delete(notify);
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#notify.size > 0;
  }

  /** Makes something happen. */
  tell(notice: CoreNotice): void {
    if (notice.type === "backend") this.#statuses.set(notice.status.name, notice.status);
    if (notice.type === "removed") this.#statuses.delete(notice.backend);
    for (const notify of [...this.#notify]) notify(notice);
  }

  /** A backend changes. */
  change(name: string, change: Partial<BackendStatus>): void {
    this.tell({ type: "backend", status: openStatus(name, change) });
  }

  // deno-lint-ignore require-await -- throws as the real one does
  async #act(what: string, backend: string): Promise<void> {
    this.#find(backend);
    this.done.push(what);
  }

  #find(backend: string): BackendStatus {
    const status = this.#statuses.get(backend);
    if (status === undefined) throw new CallFault("not_found", "Cannot find the backend");
    return status;
  }
}
