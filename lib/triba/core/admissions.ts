/**
 * Connections between accept and the open session: whose they are, and how many there may be
 * (sections 3.2 and 8, rows F02 to F04).
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

/** Connections that may be between accept and the open session. */
export const MAX_PENDING_CONNECTIONS = 16;
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
  readonly #pending = new Set<BackendConnection>();
  readonly #running = new Set<Promise<unknown>>();
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
    if (run.connection !== undefined) this.#pending.delete(run.connection);
  }

  /** Takes a connection, which has yet to show an id. */
  accept(stream: ByteStream): void {
    if (this.#pending.size >= MAX_PENDING_CONNECTIONS) {
      this.#log("warn", "Connection refused: too many are not open yet", {
        most: MAX_PENDING_CONNECTIONS,
      });
      return stream.close();
    }
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
    this.#pending.add(connection);
    const running = connection.run()
      .then((fault) => {
        if (connection.listener === undefined) this.#logStranger(fault);
        trace?.({ type: "ended", reason: fault?.message });
        over.resolve(fault);
      })
      .catch(over.reject)
      .finally(() => {
        this.#pending.delete(connection);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  /** Drops those whose id is not known, and waits until all are over. */
  async close(): Promise<void> {
    for (const connection of this.#pending) {
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
        return settings;
      }
    }
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
