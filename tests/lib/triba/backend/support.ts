// A core in the test's own process: the machine of this library over any stream, and backends whose
// answers the test gives.

import {
  type Answer,
  type Backend,
  type CoreLink,
  runBackendSession,
  type ServedRequest,
} from "../../../../lib/triba/backend/mod.ts";
import {
  type Agreement,
  type BackendRequest,
  CallFault,
  type CoreCall,
  type CoreEvent,
  CoreMachine,
  type CoreSettings,
  makeId,
  type TribaFault,
} from "../../../../lib/triba/mod.ts";
import type { Logger } from "../../../../lib/log/mod.ts";
import { type ByteStream, Driver, NetFault } from "../../../../lib/net/mod.ts";
import { memoryStreamPair } from "../../../support/memory_stream.ts";

export const random = (length: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(length));

/** A core with one connection. */
export class TestCore {
  readonly machine: CoreMachine;
  readonly driver: Driver<CoreEvent>;
  /** Settles when the connection is over: the fault, or undefined if it ended as agreed. */
  readonly ended: Promise<TribaFault | undefined>;
  /** The session is open. */
  readonly opened: Promise<Agreement>;
  /** What the backend asked for, in order. */
  readonly requests: BackendRequest[] = [];
  /** Answers the backend's requests; `Success` at once unless replaced. */
  onRequest: (request: BackendRequest, id: number) => void = (_, id) =>
    this.driver.apply(this.machine.respond(id, { type: "Success" }));
  readonly #calls = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #opened = Promise.withResolvers<Agreement>();
  #fault: TribaFault | undefined;

  constructor(stream: ByteStream, settings: Partial<CoreSettings> = {}) {
    this.machine = new CoreMachine({ admit: () => ({ agent: "test/1", ...settings }), random });
    this.driver = new Driver(stream, this.machine, { onEvent: (event) => this.#take(event) });
    this.opened = this.#opened.promise;
    this.opened.catch(() => {}); // not every test waits for it
    this.ended = this.#run();
  }

  /** Sends a request; the promise is its answer. */
  call(request: CoreCall): Promise<Answer> {
    return this.begin(request).answer;
  }

  /** Sends a request that may be cancelled by its number. */
  begin(request: CoreCall): { readonly call: number; readonly answer: Promise<Answer> } {
    const step = this.machine.request(request, performance.now());
    const pending = Promise.withResolvers<Answer>();
    pending.promise.catch(() => {});
    this.#calls.set(step.call, pending);
    this.driver.apply(step);
    return { call: step.call, answer: pending.promise };
  }

  cancel(call: number): void {
    this.driver.apply(this.machine.cancel(call, performance.now()));
  }

  /** Asks the backend to end and waits for it. */
  async shutdown(): Promise<TribaFault | undefined> {
    this.driver.apply(this.machine.shutdown(performance.now()));
    return await this.ended;
  }

  async #run(): Promise<TribaFault | undefined> {
    try {
      await this.driver.run();
    } catch (error) {
      if (!(error instanceof NetFault)) throw error;
      for (const event of this.machine.end(performance.now()).events) this.#take(event);
    }
    this.#opened.reject(this.#fault ?? new Error("The connection ended before it was open"));
    return this.#fault;
  }

  #take(event: CoreEvent): void {
    switch (event.type) {
      case "open":
        return this.#opened.resolve(event.agreement);
      case "request":
        this.requests.push(event.body);
        return this.onRequest(event.body, event.id);
      case "answer":
        return this.#calls.get(event.call)?.resolve(event.response);
      case "failure":
        return this.#calls.get(event.call)?.reject(new CallFault(event.code, event.message));
      case "fault":
        this.#fault = event.fault;
    }
  }
}

/** A backend that the test tells what to do. */
export class TestBackend implements Backend {
  features: readonly string[] = [];
  readonly opened = Promise.withResolvers<CoreLink>();
  closed = 0;
  onHandle: (request: ServedRequest, signal: AbortSignal) => Promise<Answer> = () =>
    Promise.resolve({ type: "Success" });
  onClose: () => Promise<void> = () => Promise.resolve();

  open(core: CoreLink): void {
    this.opened.resolve(core);
  }

  async handle(request: ServedRequest, signal: AbortSignal): Promise<Answer> {
    return await this.onHandle(request, signal);
  }

  async close(): Promise<void> {
    this.closed++;
    await this.onClose();
  }
}

/** A log that can be looked at: `LEVEL: EVENT` each. */
export class TestLog implements Logger {
  readonly lines: string[] = [];
  error = (event: string) => void this.lines.push(`error: ${event}`);
  warn = (event: string) => void this.lines.push(`warn: ${event}`);
  info = (event: string) => void this.lines.push(`info: ${event}`);
  debug = (event: string) => void this.lines.push(`debug: ${event}`);
}

/** A session between a core and a backend over memory. */
export interface TestSession {
  readonly core: TestCore;
  readonly backend: TestBackend;
  readonly log: TestLog;
  readonly link: CoreLink;
  /** What the backend's side resolves to. */
  readonly running: Promise<TribaFault | undefined>;
  readonly coreStream: ReturnType<typeof memoryStreamPair>[0];
}

/** Opens a session. */
export async function openSession(
  options: {
    readonly core?: Partial<CoreSettings>;
    readonly signal?: AbortSignal;
    readonly closeTimeoutMs?: number;
  } = {},
): Promise<TestSession> {
  const [coreStream, backendStream] = memoryStreamPair();
  const core = new TestCore(coreStream, options.core);
  const backend = new TestBackend();
  const log = new TestLog();
  const settings = { id: makeId(random), agent: "backend/1" };
  const { signal, closeTimeoutMs } = options;
  const running = runBackendSession(backendStream, backend, {
    settings,
    log,
    signal,
    closeTimeoutMs,
  });
  await core.opened;
  return { core, backend, log, running, coreStream, link: await backend.opened.promise };
}
