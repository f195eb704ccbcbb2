// A relay to be measured, and the way of two peers to its port for joined pairs.

import {
  GuessBudget,
  meet,
  meetSecurely,
  type ReceiverEvent,
  ReceiverMachine,
  type SenderEvent,
  SenderMachine,
} from "../../lib/bob/mod.ts";
import { systemRandom } from "../../lib/code/mod.ts";
import { type ByteStream, formatHostPort, type HostPort } from "../../lib/net/mod.ts";
import { createServer } from "../../lib/spoke/mod.ts";
import type { Program } from "../support/program.ts";
import type { Lab } from "./lab.ts";

const HOST = "127.0.0.1";
const MEET_TIMEOUT_MS = 60_000;
const PASSWORD = new TextEncoder().encode("lusabag-gutihuz");

/** A relay that runs. */
export interface RunningRelay {
  readonly program: Program;
  readonly main: HostPort;
  readonly secure: HostPort;
  /** Both ports as `--relay` wants them. */
  readonly address: string;
}

/** Starts `relay serve` on free ports of this machine only. */
export async function startRelay(lab: Lab, args: readonly string[] = []): Promise<RunningRelay> {
  const program = lab.start("relay", [
    ...["serve", "--listen", HOST, "--bob-port", "0", "--bob-secure-port", "0"],
    ...args,
  ]);
  const ready = /:(\d+) \(bob\)\n.*:(\d+) \(bob-secure\)\nready/;
  const [, port, securePort] = (await program.waitFor("stderr", ready)).map(Number);
  const main = { host: HOST, port: port as number };
  const secure = { host: HOST, port: securePort as number };
  return { program, main, secure, address: `${formatHostPort(main)},${secure.port}` };
}

/** Two peers, each with what it must say at the secure port: who the other one is. */
export interface Pair {
  readonly sender: string;
  readonly receiver: string;
  /** When the second of them began to connect, in milliseconds. */
  readonly began: number;
}

/** Two peers that have been joined. */
export interface JoinedPeers {
  readonly channels: readonly ByteStream[];
  /** From when the second of them began to connect, in milliseconds. */
  readonly took: number;
}

/** Brings peers together, one pair at a time. */
export class Matchmaker {
  readonly #relay: RunningRelay;
  readonly #server = createServer({ password: PASSWORD, randomBytes: systemRandom });

  constructor(relay: RunningRelay) {
    this.#relay = relay;
  }

  /** Two new peers, up to the point where both go to the secure port. */
  async match(): Promise<Pair> {
    const signal = AbortSignal.timeout(MEET_TIMEOUT_MS);
    const registered = Promise.withResolvers<void>();
    const sending = this.#offer(signal, registered.resolve);
    await Promise.race([registered.promise, sending]);
    const began = performance.now();
    const [sender, receiver] = await Promise.all([sending, this.#take(signal)]);
    return { sender, receiver, began };
  }

  /** Two new peers on the secure port; whoever uses the channels closes them. */
  async join(): Promise<JoinedPeers> {
    const { sender, receiver, began } = await this.match();
    const signal = AbortSignal.timeout(MEET_TIMEOUT_MS);
    const opened = await Promise.all(
      [sender, receiver].map((line) =>
        meetSecurely(this.#relay.secure, new TextEncoder().encode(line), signal)
      ),
    );
    const took = performance.now() - began;
    return { channels: opened.map(({ stream }) => stream), took };
  }

  async #offer(signal: AbortSignal, onRegistered: () => void): Promise<string> {
    const machine = new SenderMachine({ server: this.#server, guesses: new GuessBudget(1) });
    let end: SenderEvent | undefined;
    await meet<SenderEvent>(machine, {
      relay: this.#relay.main,
      signal,
      onEvent: (event) => {
        end = event;
        if (event.type === "registered") onRegistered();
      },
    });
    return otherOf(end);
  }

  async #take(signal: AbortSignal): Promise<string> {
    const guesses = new GuessBudget(1);
    const machine = new ReceiverMachine({ password: PASSWORD, guesses, randomBytes: systemRandom });
    let end: ReceiverEvent | undefined;
    await meet<ReceiverEvent>(machine, {
      relay: this.#relay.main,
      signal,
      onEvent: (event, apply) => {
        end = event;
        if (event.type === "agreed") apply(machine.accept(event.uid, performance.now()));
      },
    });
    return otherOf(end);
  }
}

/** The identity of the peer that was accepted. */
function otherOf(end: SenderEvent | ReceiverEvent | undefined): string {
  if (end?.type === "accepted") return new TextDecoder().decode(end.identity);
  throw new Error(`Cannot measure: no pair was made, the last event is ${end?.type ?? "none"}`);
}
