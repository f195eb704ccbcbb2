// A core in the test's own process, for one connection: the machine of this library over any stream.

import type { Answer } from "../../lib/triba/backend/mod.ts";
import {
  type Agreement,
  type BackendRequest,
  CallFault,
  type CoreCall,
  type CoreEvent,
  CoreMachine,
  type CoreSettings,
  type TribaFault,
} from "../../lib/triba/mod.ts";
import { type ByteStream, Driver, NetFault } from "../../lib/net/mod.ts";

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
