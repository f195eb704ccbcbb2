/**
 * Connections between accept and the open session: whose they are, and how many of them may be
 * nobody's (sections 3.2 and 8, rows F02 to F04).
 *
 * @module
 */

import { BackendConnection } from "./connection.ts";
import { describeLeftOut, LineBudget } from "./line_budget.ts";
import type { BackendRun } from "./run.ts";
import { Spawns } from "./spawns.ts";
import type { CoreTrace, TraceRecord } from "./trace.ts";
import type { Timeouts } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import type { LogFields, Logger } from "../../log/mod.ts";
import type { ByteStream } from "../../net/mod.ts";
import type { CoreSettings } from "../session/core_handshake.ts";

/**
 * Connections that may be open without the id of a backend. Those with one are as many as there are
 * backends, and all of these may start at once.
 */
export const MAX_STRANGERS = 16;
/** Connections that wait for their turn to show an id; more are refused. */
export const MAX_WAITING_STRANGERS = 256;
/** Lines a second about connections that were refused: any process of this user can make them. */
const MAX_REFUSALS_LOGGED = 50;

/** What admissions need of their core. */
export interface AdmissionsOptions {
  /** For what concerns no single backend. */
  readonly log: Logger;
  /** Returns that many random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Time-outs that differ from those of the document. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Told of every byte and key. */
  readonly trace?: CoreTrace | undefined;
}

/** Hands connections to the runs that wait for them. */
export class Admissions {
  readonly #options: AdmissionsOptions;
  readonly #spawns = new Spawns<BackendRun>();
  readonly #ids = new Map<BackendRun, Uint8Array>();
  readonly #strangers = new Set<BackendConnection>();
  #waiting: ByteStream[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;
  readonly #refusals = new LineBudget(MAX_REFUSALS_LOGGED);
  #accepted = 0;

  /** Begins without any. */
  constructor(options: AdmissionsOptions) {
    this.#options = options;
  }

  /** Begins to wait for a connection with this id; the result ends that. */
  expect(id: Uint8Array, run: BackendRun, expiresAt: number): () => void {
    this.#spawns.add(id, run, expiresAt);
    this.#ids.set(run, id);
    return () => {
      this.#spawns.remove(id);
      this.#ids.delete(run);
    };
  }

  /** The session of a run is open. */
  opened(run: BackendRun): void {
    const id = this.#ids.get(run);
    if (id !== undefined) this.#spawns.opened(id);
  }

  /** Takes a connection, which has yet to show an id. */
  accept(stream: ByteStream): void {
    if (this.#closed) return stream.close();
    if (this.#strangers.size < MAX_STRANGERS) return this.#run(stream);
    if (this.#waiting.length < MAX_WAITING_STRANGERS) return void this.#waiting.push(stream);
    this.#log("warn", "Connection refused: too many have not shown an id", {
      most: MAX_STRANGERS + MAX_WAITING_STRANGERS,
    });
    stream.close();
  }

  #run(stream: ByteStream): void {
    const trace = this.#createTrace();
    trace?.({ type: "accepted" });
    const over = Promise.withResolvers<TribaFault | undefined>();
    over.promise.catch(() => {}); // told to the run, if there is one
    const connection: BackendConnection = new BackendConnection(
      trace === undefined ? stream : traced(stream, trace),
      {
        admit: (id) => this.#admit(id, connection, over.promise, trace),
        random: this.#options.random,
        timeouts: this.#options.timeouts,
        onKey: trace && ((packetKey) => trace({ type: "key", packetKey })),
      },
    );
    this.#strangers.add(connection);
    const running = connection.run()
      .then((fault) => {
        if (connection.listener === undefined) this.#logStranger(fault);
        trace?.({ type: "ended", reason: fault?.message });
        over.resolve(fault);
      })
      .catch(over.reject)
      .finally(() => {
        this.#notStrange(connection);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  /** Drops those whose id is not known, and waits until all are over. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stream of this.#waiting) stream.close();
    this.#waiting = [];
    for (const connection of this.#strangers) {
      connection.abort(new TribaFault("lost", "The core is closing"));
    }
    await Promise.all(this.#running);
  }

  #admit(
    id: Uint8Array,
    connection: BackendConnection,
    over: Promise<TribaFault | undefined>,
    trace: Trace | undefined,
  ): CoreSettings {
    const claim = this.#spawns.claim(id, performance.now());
    switch (claim.type) {
      case "unknown":
        claim.late?.expire();
        throw claim.fault;
      case "collision":
        claim.spawn.collide(claim.fault);
        throw claim.fault;
      case "second":
        throw claim.fault;
      case "admitted": {
        const { spawn: run } = claim;
        const { settings } = run;
        trace?.({
          type: "admitted",
          backend: run.name,
          pid: run.pid,
          byteOrder: settings.byteOrder ?? "big",
          spawnSecret: settings.spawnSecret,
        });
        run.admit(connection, over);
        this.#notStrange(connection);
        return settings;
      }
    }
  }

  /** A connection has shown its id, or is over: it is another one's turn. */
  #notStrange(connection: BackendConnection): void {
    if (!this.#strangers.delete(connection) || this.#closed) return;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#run(next);
  }

  /** A connection that was nobody's; one that ended at once only looked whether we listen. */
  #logStranger(fault: TribaFault | undefined): void {
    if (fault === undefined || fault.code === "collision") return; // the run has logged that
    if (fault.code === "lost") this.#log("debug", `Connection dropped: ${fault.message}`);
    else this.#log("warn", `Connection refused: ${fault.message}`);
  }

  #log(level: "debug" | "warn", event: string, fields?: LogFields): void {
    const { log } = this.#options;
    const { admitted, leftOut } = this.#refusals.take(performance.now());
    if (leftOut > 0) log.warn(describeLeftOut(leftOut));
    if (admitted) log[level](event, fields);
  }

  #createTrace(): Trace | undefined {
    const { trace } = this.#options;
    if (trace === undefined) return undefined;
    const connection = ++this.#accepted;
    return (record) => trace({ ...record, connection, at: Date.now() } as TraceRecord);
  }
}

type WithoutPlace<R> = R extends TraceRecord ? Omit<R, "connection" | "at"> : never;
type Trace = (record: WithoutPlace<TraceRecord>) => void;

/** The stream, with everything that passes shown. */
function traced(stream: ByteStream, trace: Trace): ByteStream {
  return {
    read: async (into) => {
      const count = await stream.read(into);
      if (count !== null) trace({ type: "bytes", from: "backend", bytes: into.subarray(0, count) });
      return count;
    },
    write: (bytes) => {
      trace({ type: "bytes", from: "core", bytes });
      return stream.write(bytes);
    },
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}
