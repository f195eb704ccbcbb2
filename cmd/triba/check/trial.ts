/**
 * One run of the backend under test: its process, and the socket that it should connect to.
 *
 * @module
 */

import { Line } from "./line.ts";
import { withPatience } from "./patience.ts";
import { Skipped } from "./verdict.ts";
import { DenoStream, type Listening, listenUnix } from "../../../lib/net/mod.ts";
import { findCommand } from "../../../lib/process/mod.ts";
import {
  type BackendProcess,
  type ExitStatus,
  makeChildEnvironment,
  startProcess,
} from "../../../lib/triba/core/mod.ts";
import { formatIdArgument, makeId } from "../../../lib/triba/mod.ts";

/** What stands in a command for the id. */
export const ID_PLACEHOLDER = "{id}";
const PRIVATE_MODE = 0o700;

/** The program under test. */
export interface Subject {
  /** Command and arguments; the id is put in for `{id}`, or behind them. */
  readonly command: readonly string[];
  /** The environment of the checker, of which a core passes a part on. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Variables that the user wants it to have. */
  readonly configured: Readonly<Record<string, string>>;
  /** A private folder in which each run has one of its own. */
  readonly folder: string;
}

/** What differs from how a core starts a backend, to see what it makes of it. */
export interface Launch {
  /** How the id is written, if not as a core writes it. */
  readonly spellId?: ((id: Uint8Array) => string) | undefined;
  /** Where the backend learns of the socket; the variable unless given. */
  readonly tell?: "variable" | "argument" | "runtime-folder" | "abstract" | undefined;
  /** The spawn secret; sealed-1 is demanded exactly if it is there. */
  readonly secret?: Uint8Array | undefined;
  /** What is written to standard input instead of the secret. */
  readonly input?: Uint8Array | undefined;
}

/** A backend that runs. */
export class Trial implements AsyncDisposable {
  /** The id that it was given. */
  readonly id: Uint8Array<ArrayBuffer>;
  /** The id as it was given. */
  readonly idArgument: string;
  /** What it was started with. */
  readonly launch: Launch;
  /** Its process. */
  readonly process: BackendProcess;
  readonly #listening: Pick<Listening, "serve" | "close">;
  readonly #serving: Promise<void>;
  readonly #folder: string;
  readonly #lines: Line[] = [];
  #changed = Promise.withResolvers<void>();
  #status: ExitStatus | undefined;

  private constructor(
    parts: Pick<Trial, "id" | "idArgument" | "launch" | "process">,
    listening: Pick<Listening, "serve" | "close">,
    folder: string,
  ) {
    this.id = parts.id;
    this.idArgument = parts.idArgument;
    this.launch = parts.launch;
    this.process = parts.process;
    this.#listening = listening;
    this.#folder = folder;
    this.#serving = listening.serve(({ stream }) => {
      this.#lines.push(new Line(stream));
      this.#wake();
    }, () => {});
    this.process.exited.then((status) => {
      this.#status = status;
      this.#wake();
    });
  }

  /**
   * Starts it.
   *
   * @throws {CommandFault} if there is no such command or it cannot be run.
   */
  static async start(subject: Subject, launch: Launch = {}): Promise<Trial> {
    const folder = await Deno.makeTempDir({ dir: subject.folder, prefix: "" });
    const id = makeId((length) => crypto.getRandomValues(new Uint8Array(length)));
    const idArgument = (launch.spellId ?? formatIdArgument)(id);
    const { listening, argument, environment } = await listen(folder, launch.tell ?? "variable");
    try {
      const words = insertId(subject.command, [idArgument, ...argument]);
      const { TRIBA_SOCKET: _, ...usual } = makeChildEnvironment({
        inherited: subject.inherited,
        configured: subject.configured,
        socket: "",
        stateFolder: await makeStateFolder(folder),
        sealed: launch.secret !== undefined || launch.input !== undefined,
      });
      const process = start(words, launch, { ...usual, ...environment });
      return new Trial({ id, idArgument, launch, process }, listening, folder);
    } catch (error) {
      listening.close();
      throw error;
    }
  }

  /** How it ended; undefined while it runs. */
  get status(): ExitStatus | undefined {
    return this.#status;
  }

  /** The number of connections that it has made. */
  get connections(): number {
    return this.#lines.length;
  }

  /** Its connection of this number from 1; undefined if it makes none in time or ends before. */
  async line(number: number, patienceMs: number): Promise<Line | undefined> {
    await withPatience(
      () => this.#lines.length >= number || this.#status !== undefined,
      () => this.#changed.promise,
      patienceMs,
    );
    return this.#lines[number - 1];
  }

  /** How it ends; undefined if it does not in time. */
  async exit(patienceMs: number): Promise<ExitStatus | undefined> {
    const isOver = () => this.#status !== undefined;
    await withPatience(isOver, () => this.#changed.promise, patienceMs);
    return this.#status;
  }

  /** Ends its processes, and waits until all that they wrote was read. */
  async finish(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.ended;
  }

  /** Ends what is left of it: all of its processes at once, without any grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening.close();
    await this.finish();
    await this.#serving;
    await Promise.all(this.#lines.map((line) => line.close()));
    await Deno.remove(this.#folder, { recursive: true });
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

async function makeStateFolder(folder: string): Promise<string> {
  const path = `${folder}/state`;
  await Deno.mkdir(path, { mode: PRIVATE_MODE });
  return path;
}

interface Place {
  readonly listening: Pick<Listening, "serve" | "close">;
  /** What follows the id on the command line. */
  readonly argument: readonly string[];
  /** What the environment has instead of a core's. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Listens in the run's folder, in a place that the backend can find in this way (section 3.2). */
async function listen(folder: string, tell: NonNullable<Launch["tell"]>): Promise<Place> {
  const path = `${folder}/s`;
  switch (tell) {
    case "variable":
      return { listening: await listenUnix(path), argument: [], environment: variable(path) };
    case "argument":
      return { listening: await listenUnix(path), argument: [path], environment: {} };
    case "runtime-folder": {
      const inside = `${folder}/trinitrix`;
      await Deno.mkdir(inside, { mode: PRIVATE_MODE });
      const listening = await listenUnix(`${inside}/triba.sock`);
      return { listening, argument: [], environment: { XDG_RUNTIME_DIR: folder } };
    }
    case "abstract": {
      const name = `triba-check-${crypto.randomUUID()}`;
      return { listening: listenAbstract(name), argument: [], environment: variable(`@${name}`) };
    }
  }
}

function variable(address: string): Readonly<Record<string, string>> {
  return { TRIBA_SOCKET: address };
}

function listenAbstract(name: string): Pick<Listening, "serve" | "close"> {
  let listener: Deno.UnixListener;
  try {
    listener = Deno.listen({ transport: "unix", path: `\0${name}` });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Skipped("This runtime has no abstract sockets"); // Deno 2.6
  }
  return {
    serve: async (handle) => {
      for await (const connection of listener) {
        handle({ stream: new DenoStream(connection, `@${name}`), remote: { host: "", port: 0 } });
      }
    },
    close: () => listener.close(),
  };
}

/** The command with the id, and what follows it, in the place for it. */
export function insertId(command: readonly string[], words: readonly string[]): string[] {
  const [id = ""] = words;
  if (!command.some((word) => word.includes(ID_PLACEHOLDER))) return [...command, ...words];
  return command.flatMap((word) => {
    const filled = word.replaceAll(ID_PLACEHOLDER, id);
    return word === ID_PLACEHOLDER ? [filled, ...words.slice(1)] : [filled];
  });
}

function start(
  [command = "", ...args]: readonly string[],
  launch: Launch,
  environment: Readonly<Record<string, string>>,
): BackendProcess {
  const path = findCommand(command, environment["PATH"]);
  const streams = { spawnSecret: launch.secret, input: launch.input, onLine: () => {} };
  return startProcess({ command, path, args, environment }, streams);
}
