// The helper program in C (pump.c), compiled on the spot.

import type { Program } from "../support/program.ts";
import { compileC, NO_COMPILER } from "./compile_c.ts";
import type { Lab } from "./lab.ts";

/** One end of a stream. */
export interface PumpEnd {
  readonly port: number;
  /** 0: until it is ended. */
  readonly bytes: number;
  /** What a relay wants to read first. */
  readonly line?: string | undefined;
}

/** The compiled helper. */
export class Pump {
  readonly #lab: Lab;
  readonly #path: string;

  private constructor(lab: Lab, path: string) {
    this.#lab = lab;
    this.#path = path;
  }

  /** Compiles it, or says why it cannot. */
  static async compile(lab: Lab): Promise<Pump | string> {
    const path = await compileC(lab, "pump");
    return path === undefined ? NO_COMPILER : new Pump(lab, path);
  }

  /** Starts to write as fast as it can, as soon as it is connected. */
  source(end: PumpEnd): Program {
    return this.#start("source", end);
  }

  /** Starts to discard what comes. */
  sink(end: PumpEnd): Program {
    return this.#start("sink", end);
  }

  /** Starts the yardstick, which listens on two ports. */
  loop(): Program {
    return this.#lab.startForeign(this.#path, ["loop"]);
  }

  #start(role: string, { port, bytes, line }: PumpEnd): Program {
    const args = [role, String(port), String(bytes)];
    return this.#lab.startForeign(this.#path, line === undefined ? args : [...args, line]);
  }
}
