// A backend for the tests of cores: the library's machine over a stream, in a process of its own.

import { DenoStream, Driver, type Step } from "../../lib/net/mod.ts";
import {
  type Answer,
  BackendMachine,
  type BackendMachineEvent,
  type CoreRequest,
  exitCodeOf,
  parseIdArgument,
  parseSpawnLine,
  SPAWN_LINE_BYTES,
  TribaFault,
} from "../../lib/triba/mod.ts";
import { writeError } from "./write_line.ts";

/** What the core gave this process. */
export interface Place {
  readonly id: Uint8Array;
  readonly path: string;
  readonly spawnSecret: Uint8Array | undefined;
}

/** Reads id, address and secret as section 3 has them. */
export async function findPlace(): Promise<Place> {
  return {
    id: parseIdArgument(Deno.args[0] ?? ""),
    path: Deno.env.get("TRIBA_SOCKET") ?? "",
    spawnSecret: Deno.env.get("TRIBA_SEAL") === "stdin" ? await readSecret() : undefined,
  };
}

async function readSecret(): Promise<Uint8Array> {
  const line = new Uint8Array(SPAWN_LINE_BYTES);
  for (let length = 0; length < line.length;) {
    length += await Deno.stdin.read(line.subarray(length)) ?? line.length;
  }
  return parseSpawnLine(line);
}

/** Connects to the core without saying anything. */
export async function connectTo({ path }: Place): Promise<Deno.UnixConn> {
  return await Deno.connect({ transport: "unix", path });
}

/** How a test's backend behaves. */
export interface BackendOptions {
  readonly agent?: string;
  readonly features?: readonly string[];
  /** Answers a request; undefined leaves it without an answer. */
  readonly handle?: (request: CoreRequest) => Answer | undefined;
  /** The session is open. */
  readonly onOpen?: (session: TestSession) => void;
  /** The core asks it to end. */
  readonly onShutdown?: () => void;
  /** Answers `Shutdown`; true unless given. */
  readonly obeys?: boolean;
}

/** One session of a test's backend. */
export class TestSession {
  readonly #machine: BackendMachine;
  readonly #driver: Driver<BackendMachineEvent>;
  readonly #options: BackendOptions;
  #fault: TribaFault | undefined;

  constructor(readonly connection: Deno.UnixConn, place: Place, options: BackendOptions = {}) {
    this.#options = options;
    this.#machine = new BackendMachine({
      settings: {
        id: place.id,
        agent: options.agent ?? "test/1",
        features: options.features ?? [],
        spawnSecret: place.spawnSecret,
      },
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
    this.#driver = new Driver(new DenoStream(connection, "core"), this.#machine, {
      onEvent: (event) => this.#take(event),
    });
  }

  /** Runs to the end; the exit code that is due then. */
  async run(): Promise<number> {
    try {
      await this.#driver.run();
    } catch {
      return 69; // a lost stream
    }
    return this.#fault === undefined ? 0 : exitCodeOf(this.#fault);
  }

  /** Sends a request, whose answer nobody waits for. */
  send(body: Parameters<BackendMachine["request"]>[0]): void {
    this.#apply(this.#machine.request(body, performance.now()));
  }

  #apply(step: Step<BackendMachineEvent>): void {
    this.#driver.apply(step);
    this.#machine.prepare();
  }

  #take(event: BackendMachineEvent): void {
    switch (event.type) {
      case "open":
        this.#options.onOpen?.(this);
        break;
      case "request": {
        const answer = (this.#options.handle ?? answerPlainly)(event.body);
        if (answer !== undefined) this.#apply(this.#machine.respond(event.id, answer));
        break;
      }
      case "shutdown":
        this.#options.onShutdown?.();
        if (this.#options.obeys ?? true) this.#apply(this.#machine.stop());
        break;
      case "fault":
        this.#fault = event.fault;
        writeError(event.fault.message);
        break;
    }
  }
}

/** Nothing exists and everything is done. */
export function answerPlainly(request: CoreRequest): Answer {
  switch (request.type) {
    case "ListRooms":
      return { type: "Rooms", rooms: [] };
    case "FetchMessages":
      return { type: "Messages", messages: [], next: null };
    case "SendMessage":
      return { type: "Sent", message: `${request.room}/${request.txn}` };
    default:
      return { type: "Success" };
  }
}
