// The clients in C (fetch.c), compiled on the spot.

import type { Program } from "../support/program.ts";
import { compileC, NO_COMPILER } from "./compile_c.ts";
import type { Lab } from "./lab.ts";

/** Beyond the time that a load is to take. */
const PATIENCE_MS = 60_000;

/** Whom to ask and what. */
export interface Target {
  readonly port: number;
  /** How many clients at once. */
  readonly clients: number;
  /** Requests: one for all sessions, or one for each. */
  readonly requests: Iterable<Uint8Array>;
  /** Length of the reply's body, in bytes. */
  readonly replyBytes: number;
}

/** What a load came to. */
export interface LoadFigures {
  /** Sessions per second. */
  readonly rate: number;
  /** From connecting to the complete reply, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Clients that are connected and ask nothing yet. */
export interface HeldClients {
  /** How many are connected. */
  readonly held: number;
  /** Lets all of them ask; how many were served, and milliseconds up to the last reply. */
  ask(): Promise<{ readonly served: number; readonly took: number }>;
}

/** The compiled helper. */
export class Fetch {
  readonly #lab: Lab;
  readonly #path: string;
  #files = 0;

  private constructor(lab: Lab, path: string) {
    this.#lab = lab;
    this.#path = path;
  }

  /** Compiles it, or says why it cannot. */
  static async compile(lab: Lab): Promise<Fetch | string> {
    const path = await compileC(lab, "fetch");
    return path === undefined ? NO_COMPILER : new Fetch(lab, path);
  }

  /** Sessions one after the other for so long, or until the requests are used up. */
  async load(target: Target, milliseconds: number): Promise<LoadFigures> {
    const program = await this.#start("load", target, [String(milliseconds)]);
    const line = /^sessions (\d+) took (\d+) p50 (\d+) p99 (\d+)$/m;
    const found = await program.waitFor("stdout", line, milliseconds + PATIENCE_MS);
    const [, sessions = 0, took = 0, p50 = 0, p99 = 0] = found.map(Number);
    await this.#lab.end([program]);
    return { rate: sessions / (took / 1e9), p50: p50 / 1e6, p99: p99 / 1e6 };
  }

  /** Connects so many clients. */
  async hold(target: Target): Promise<HeldClients> {
    const program = await this.#start("hold", target, []);
    const [, held] = await program.waitFor("stdout", /^held (\d+)$/m, PATIENCE_MS);
    return {
      held: Number(held),
      ask: async () => {
        await program.stdin?.write(new TextEncoder().encode("\n"));
        const line = /^served (\d+) took (\d+)$/m;
        const [, served, took] = await program.waitFor("stdout", line, PATIENCE_MS);
        await this.#lab.end([program]);
        return { served: Number(served), took: Number(took) / 1e6 };
      },
    };
  }

  async #start(role: string, target: Target, args: readonly string[]): Promise<Program> {
    const path = `${this.#lab.folder}/requests${this.#files++}`;
    await writeRequests(path, target.requests);
    const { port, clients, replyBytes } = target;
    const words = [role, String(port), String(clients), ...args, String(replyBytes), path];
    return this.#lab.startForeign(this.#path, words, { stdin: "open" });
  }
}

async function writeRequests(path: string, requests: Iterable<Uint8Array>): Promise<void> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const request of requests) {
    const part = new Uint8Array(4 + request.length);
    new DataView(part.buffer).setUint32(0, request.length, true);
    part.set(request, 4);
    parts.push(part);
  }
  await Deno.writeFile(path, new Blob(parts).stream());
}
