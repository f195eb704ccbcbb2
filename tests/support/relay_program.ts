// A relay as a program of its own, on free loopback ports.

import type { HostPort } from "../../lib/net/mod.ts";
import { Program, type StartOptions } from "./program.ts";

const HOST = "127.0.0.1";
/** All tests come from one address, so the usual limits of one would be in their way. */
const LIMITS = [
  "--handshakes",
  "10000,10000",
  "--max-per-address",
  "2000",
  "--max-waiting",
  "2000",
];

/** Where a relay listens. */
export interface RelayPorts {
  /** Where peers meet. */
  readonly main: HostPort;
  /** Where pairs are joined. */
  readonly secure: HostPort;
}

/** Ports as `--relay` takes them. */
export function formatRelay({ main, secure }: RelayPorts): string {
  return `${main.host}:${main.port},${secure.port}`;
}

/** A running `relay serve`. */
export class RelayProgram implements RelayPorts, AsyncDisposable {
  readonly main: HostPort;
  readonly secure: HostPort;

  private constructor(readonly program: Program, main: number, secure: number) {
    this.main = { host: HOST, port: main };
    this.secure = { host: HOST, port: secure };
  }

  /** Starts one and waits until it is ready. */
  static async start(
    args: readonly string[] = [],
    options: StartOptions = {},
  ): Promise<RelayProgram> {
    const program = Program.start("relay", [
      ...["serve", "--listen", HOST, "--bob-port", "0", "--bob-secure-port", "0"],
      ...LIMITS.filter((_, i) => !args.includes(LIMITS[i - i % 2] as string)),
      ...args,
    ], options);
    try {
      const [, main] = await program.waitFor("stderr", /^listening on \S+:(\d+) \(bob\)$/m);
      const [, secure] = await program.waitFor("stderr", /:(\d+) \(bob-secure\)\n[^]*^ready$/m);
      return new RelayProgram(program, Number(main), Number(secure));
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** As `--relay` takes it. */
  get address(): string {
    return formatRelay(this);
  }

  /** Ends it as a service manager does. */
  async stop(): Promise<void> {
    this.program.kill("SIGTERM");
    const { code, stderr } = await this.program.ended();
    if (code !== 0) throw new Error(`The relay ended with ${code}:\n${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
