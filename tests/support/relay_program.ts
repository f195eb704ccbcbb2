// A relay as a program of its own, on free loopback ports.

import type { HostPort } from "../../lib/net/mod.ts";
import { Program, type StartOptions } from "./program.ts";

const HOST = "127.0.0.1";
/** Free ports; and as all tests come from one address, the limits of one would be in their way. */
const USUAL: Readonly<Record<string, string>> = {
  "--listen": HOST,
  "--bob-port": "0",
  "--bob-secure-port": "0",
  "--handshakes": "10000,10000",
  "--max-per-address": "2000",
  "--max-waiting": "2000",
};

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
  private constructor(
    readonly program: Program,
    readonly main: HostPort,
    readonly secure: HostPort,
    /** Where it serves numbers, if it was told to. */
    readonly metrics: HostPort | undefined,
  ) {}

  /** Starts one and waits until it is ready; it needs the text form of the log for that. */
  static async start(
    args: readonly string[] = [],
    options: StartOptions = {},
    start: typeof Program.start = Program.start,
  ): Promise<RelayProgram> {
    const usual = Object.entries(USUAL).filter(([option]) => !args.includes(option)).flat();
    const program = start("relay", ["serve", ...usual, ...args], options);
    try {
      const [text] = await program.waitFor("stderr", /^[^]*^ready$/m);
      const at = (protocol: string) => {
        const [, port] = new RegExp(`:(\\d+) \\(${protocol}\\)$`, "m").exec(text) ?? [];
        return { host: HOST, port: Number(port) };
      };
      const metrics = args.includes("--metrics") ? at("metrics") : undefined;
      return new RelayProgram(program, at("bob"), at("bob-secure"), metrics);
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
