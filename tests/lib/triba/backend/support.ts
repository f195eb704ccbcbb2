// Backends whose answers the test gives, with a core at the other end.

import {
  type Answer,
  type Backend,
  type CoreLink,
  runBackendSession,
  type ServedRequest,
} from "../../../../lib/triba/backend/mod.ts";
import { type CoreSettings, makeId, type TribaFault } from "../../../../lib/triba/mod.ts";
import { memoryStreamPair } from "../../../support/memory_stream.ts";
import { TestLog } from "../../../support/test_log.ts";
import { random, TestCore } from "../../../support/triba_core.ts";

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
