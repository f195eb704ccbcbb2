/**
 * Signals of the system as an AbortSignal, so that everything ends the same way.
 *
 * @module
 */

const NUMBERS: Readonly<Record<EndingSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
/** Signals that end a program. */
export type EndingSignal = "SIGHUP" | "SIGINT" | "SIGTERM";

/** The reason with which a program's AbortSignal is aborted. */
export class Interrupted extends Error {
  /** The class's name, for messages. */
  override readonly name = "Interrupted";
  /** Exit status of a program that was ended by it: 128 + its number. */
  readonly status: number;

  /** Made when the signal arrives. */
  constructor(signal: EndingSignal) {
    super(`Ended by ${signal}`);
    this.status = 128 + NUMBERS[signal];
  }
}

/** Signals that a program listens to; disposing ends the listening. */
export interface Interrupts extends Disposable {
  /** Aborted with an {@linkcode Interrupted} by the first of the signals. */
  readonly signal: AbortSignal;
}

/** Listens to signals; a second one of the same kind ends the process at once. */
export function listenForSignals(names: readonly EndingSignal[]): Interrupts {
  const controller = new AbortController();
  const handlers = names.map((name) => {
    const handler = () => {
      if (controller.signal.aborted) Deno.exit(128 + NUMBERS[name]);
      controller.abort(new Interrupted(name));
    };
    Deno.addSignalListener(name, handler);
    return [name, handler] as const;
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const [name, handler] of handlers) Deno.removeSignalListener(name, handler);
    },
  };
}

/** Calls back on every SIGHUP: daemons reload. */
export function listenForReload(reload: () => void): Disposable {
  Deno.addSignalListener("SIGHUP", reload);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", reload) };
}
