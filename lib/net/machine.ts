/**
 * The shape that all protocol machines for one connection share: bytes, the end of the stream or
 * the time go in; bytes to send and events come out. A machine opens nothing and reads no clock.
 *
 * @module
 */

/** What a machine asks of its driver, in the order of the fields. */
export interface Step<Event> {
  /** To be written, in order. */
  readonly send: readonly Uint8Array[];
  /** What happened, in order; a fault of the peer is an event too. */
  readonly events: readonly Event[];
  /** The machine is through: close after everything has been written. */
  readonly done: boolean;
}

/** A protocol machine for one connection. Times are milliseconds of one monotonic clock. */
export interface Machine<Event> {
  /** Called once, when the connection is there. */
  start(now: number): Step<Event>;
  /** Bytes that arrived, cut anywhere. The machine copies what it keeps. */
  receive(bytes: Uint8Array, now: number): Step<Event>;
  /** The peer ended its stream. */
  end(now: number): Step<Event>;
  /** The time that {@linkcode Machine.wakeAt} named has come. */
  tick(now: number): Step<Event>;
  /** When to call {@linkcode Machine.tick} next; undefined while no time-out runs. */
  readonly wakeAt: number | undefined;
}

/** A step in which nothing is to be done. */
export const IDLE: Step<never> = { send: [], events: [], done: false };
